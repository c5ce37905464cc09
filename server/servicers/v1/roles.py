"""RoleService."""

from adapters.application import CatalogUseCases, OnboardingUseCases
from domain.catalog.model import Industry, Role
from fluentpro.v1 import catalog_pb2, role_service_pb2 as pb
from fluentpro.v1.role_service_pb2_grpc import RoleServiceServicer
from server.caller import Context, user_of
from server.mapping.v1 import catalog
from server.mapping.v1.identifiers import identifier
from server.mapping.v1.violations import NEW_ROLE, old_names
from server.servicers.v1.whole_lists import WHOLE


class RoleServicer(RoleServiceServicer):
    """The learner's role at work."""

    def __init__(self, use_cases: OnboardingUseCases, catalog_use_cases: CatalogUseCases) -> None:
        self._do = use_cases
        self._catalog = catalog_use_cases

    async def MatchJob(self, request: pb.MatchJobRequest, context: Context) -> pb.MatchJobResponse:
        """Find the roles that fit a description of the job."""
        matches = await self._do.match_roles(user_of(context), request.job_title, request.job_description)
        roles = [catalog.matched_role(match, await self._industry_of(match.role)) for match in matches]
        return pb.MatchJobResponse(matched_roles=roles, total_matches=len(roles))

    async def SelectRole(self, request: pb.SelectRoleRequest, context: Context) -> pb.SelectRoleResponse:
        """Choose a role."""
        role = (await self._do.select_role(user_of(context), identifier(request.role_id))).role
        return pb.SelectRoleResponse(selected_role=await self._role(role) if role else None)

    async def CreateRole(self, request: pb.CreateRoleRequest, context: Context) -> pb.CreateRoleResponse:
        """Make a role of the learner's own."""
        with old_names(NEW_ROLE):
            role = await self._do.create_custom_role(
                user_of(context), request.job_title, request.job_description, request.hierarchy_level
            )
        return pb.CreateRoleResponse(new_role=await self._role(role))

    async def _role(self, role: Role) -> catalog_pb2.Role:
        return catalog.role(role, await self._industry_of(role))

    async def _industry_of(self, role: Role) -> Industry:
        industries = (await self._catalog.list_industries(WHOLE)).items
        # Our copy of the catalogue may not have it yet: until then its id is its name.
        unlisted = Industry(role.industry_id, role.industry_id)
        return next((industry for industry in industries if industry.id == role.industry_id), unlisted)
