"""OnboardingService."""

from adapters.application import CatalogUseCases, IdentityUseCases, OnboardingUseCases
from domain.onboarding.errors import PartnerNotChosen
from domain.onboarding.view import OnboardingView
from fluentpro.v1 import onboarding_service_pb2 as pb, user_pb2
from fluentpro.v1.onboarding_service_pb2_grpc import OnboardingServiceServicer
from server.caller import Context, user_of
from server.mapping.v1 import catalog, onboarding, profiles
from server.mapping.v1.identifiers import identifier
from server.mapping.v1.violations import LANGUAGE, PARTNERS, UNIT_IDS, UNIT_SELECTIONS, old_names
from server.servicers.v1.whole_lists import WHOLE


class OnboardingServicer(OnboardingServiceServicer):
    """The way from a new account to the first conversation."""

    def __init__(
        self, identity: IdentityUseCases, catalog_use_cases: CatalogUseCases, use_cases: OnboardingUseCases
    ) -> None:
        self._identity = identity
        self._catalog = catalog_use_cases
        self._do = use_cases

    async def GetLanguages(self, request: pb.GetLanguagesRequest, context: Context) -> pb.GetLanguagesResponse:
        """List the languages that can be chosen. A v1 language does not say whether it can: the others are left out."""
        languages = (await self._catalog.list_languages(WHOLE)).items
        return pb.GetLanguagesResponse(languages=[catalog.language(each) for each in languages if each.available])

    async def GetIndustries(self, request: pb.GetIndustriesRequest, context: Context) -> pb.GetIndustriesResponse:
        """List the industries."""
        industries = (await self._catalog.list_industries(WHOLE)).items
        return pb.GetIndustriesResponse(industries=map(catalog.industry, industries))

    async def SetLanguage(self, request: pb.SetLanguageRequest, context: Context) -> pb.SetLanguageResponse:
        """Choose the native language."""
        with old_names(LANGUAGE):
            view = await self._do.select_native_language(user_of(context), identifier(request.native_language))
        return pb.SetLanguageResponse(profile=await self._profile(view))

    async def SetIndustry(self, request: pb.SetIndustryRequest, context: Context) -> pb.SetIndustryResponse:
        """Choose the industry, by id or by name."""
        view = await self._do.select_industry(user_of(context), await self._industry_id(request))
        return pb.SetIndustryResponse(profile=await self._profile(view))

    async def GetCommunicationPartners(
        self, request: pb.GetCommunicationPartnersRequest, context: Context
    ) -> pb.GetCommunicationPartnersResponse:
        """List the communication partners of the catalogue."""
        partners = (await self._catalog.list_communication_partners(WHOLE)).items
        return pb.GetCommunicationPartnersResponse(communication_partners=map(catalog.partner, partners))

    async def SelectPartners(self, request: pb.SelectPartnersRequest, context: Context) -> pb.SelectPartnersResponse:
        """Choose the communication partners."""
        with old_names(PARTNERS):
            view = await self._do.select_partners(
                user_of(context), tuple(map(identifier, request.partner_ids)), tuple(request.other_partners)
            )
        return pb.SelectPartnersResponse(selected_partners=map(onboarding.user_partner, view.partners))

    async def GetUserPartners(self, request: pb.GetUserPartnersRequest, context: Context) -> pb.GetUserPartnersResponse:
        """List the chosen partners."""
        view = await self._do.get_onboarding(user_of(context))
        return pb.GetUserPartnersResponse(communication_partners=map(onboarding.user_partner, view.partners))

    async def GetPartnerUnits(self, request: pb.GetPartnerUnitsRequest, context: Context) -> pb.GetPartnerUnitsResponse:
        """List the units that can be chosen for a partner."""
        partner_id = identifier(request.partner_id)
        view = await self._do.get_onboarding(user_of(context))
        partners = (await self._catalog.list_communication_partners(WHOLE)).items
        names = {each.id: each.display_name for each in (*partners, *(chosen.partner for chosen in view.partners))}
        if partner_id not in names:
            raise PartnerNotChosen(partner_id)
        situations = (await self._catalog.list_situations(WHOLE)).items
        return pb.GetPartnerUnitsResponse(
            partner_id=partner_id, partner_name=names[partner_id], units=map(catalog.unit, situations)
        )

    async def SelectUnits(self, request: pb.SelectUnitsRequest, context: Context) -> pb.SelectUnitsResponse:
        """Choose the units for one partner."""
        partner_id, unit_ids = identifier(request.partner_id), onboarding.unit_ids(request)
        with old_names(UNIT_SELECTIONS if request.unit_selections else UNIT_IDS):
            view = await self._do.configure_situations(
                user_of(context), partner_id, unit_ids, tuple(request.other_units)
            )
        return pb.SelectUnitsResponse(selected_units=onboarding.units(onboarding.chosen_partner(view, partner_id)))

    async def GetUserUnits(self, request: pb.GetUserUnitsRequest, context: Context) -> pb.GetUserUnitsResponse:
        """List the units chosen for one partner."""
        view = await self._do.get_onboarding(user_of(context))
        chosen = onboarding.chosen_partner(view, identifier(request.partner_id))
        return pb.GetUserUnitsResponse(selected_units=onboarding.units(chosen))

    async def GetSummary(self, request: pb.GetSummaryRequest, context: Context) -> pb.GetSummaryResponse:
        """Give the profile, all answers, and how far onboarding has come."""
        user = await self._identity.get_user(user_of(context))
        return onboarding.summary(user, await self._do.get_onboarding(user.id))

    async def _profile(self, view: OnboardingView) -> user_pb2.Profile:
        return profiles.profile(await self._identity.get_user(view.onboarding.user_id), view)

    async def _industry_id(self, request: pb.SetIndustryRequest) -> str:
        if request.WhichOneof("industry") != "industry_name":
            return identifier(request.industry_id)
        industries = (await self._catalog.list_industries(WHOLE)).items
        return catalog.industry_id(industries, request.industry_name)
