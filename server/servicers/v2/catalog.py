"""CatalogService."""

from adapters.application import CatalogUseCases
from fluentpro.v2 import catalog_service_pb2 as pb
from fluentpro.v2.catalog_service_pb2_grpc import CatalogServiceServicer
from server.caller import Context
from server.mapping.v2 import catalog
from server.servicers.v2.pages import Listing


class CatalogServicer(CatalogServiceServicer):
    """What a learner can choose from."""

    def __init__(self, use_cases: CatalogUseCases) -> None:
        self._do = use_cases

    async def ListLanguages(self, request: pb.ListLanguagesRequest, context: Context) -> pb.ListLanguagesResponse:
        """List the native languages."""
        listing = Listing.of(request)
        page = await self._do.list_languages(listing.request)
        return pb.ListLanguagesResponse(
            languages=map(catalog.language, page.items), next_page_token=listing.next_token(page)
        )

    async def ListIndustries(self, request: pb.ListIndustriesRequest, context: Context) -> pb.ListIndustriesResponse:
        """List the industries."""
        listing = Listing.of(request)
        page = await self._do.list_industries(listing.request)
        return pb.ListIndustriesResponse(
            industries=map(catalog.industry, page.items), next_page_token=listing.next_token(page)
        )

    async def ListRoles(self, request: pb.ListRolesRequest, context: Context) -> pb.ListRolesResponse:
        """List the catalogue's roles."""
        listing = Listing.of(request, request.industry_id)
        page = await self._do.list_roles(request.industry_id, listing.request)
        return pb.ListRolesResponse(roles=map(catalog.role, page.items), next_page_token=listing.next_token(page))

    async def ListCommunicationPartners(
        self, request: pb.ListCommunicationPartnersRequest, context: Context
    ) -> pb.ListCommunicationPartnersResponse:
        """List the communication partners."""
        listing = Listing.of(request)
        page = await self._do.list_communication_partners(listing.request)
        return pb.ListCommunicationPartnersResponse(
            communication_partners=map(catalog.partner, page.items), next_page_token=listing.next_token(page)
        )

    async def ListSituations(self, request: pb.ListSituationsRequest, context: Context) -> pb.ListSituationsResponse:
        """List the situations."""
        listing = Listing.of(request)
        page = await self._do.list_situations(listing.request)
        return pb.ListSituationsResponse(
            situations=map(catalog.situation, page.items), next_page_token=listing.next_token(page)
        )
