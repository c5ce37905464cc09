"""OnboardingService."""

from adapters.application import OnboardingUseCases
from fluentpro.v2 import onboarding_service_pb2 as pb
from fluentpro.v2.onboarding_service_pb2_grpc import OnboardingServiceServicer
from server.caller import Context, user_of
from server.mapping.v2 import catalog, onboarding


class OnboardingServicer(OnboardingServiceServicer):
    """The way from a new account to the first conversation."""

    def __init__(self, use_cases: OnboardingUseCases) -> None:
        self._do = use_cases

    async def GetOnboarding(self, request: pb.GetOnboardingRequest, context: Context) -> pb.GetOnboardingResponse:
        """Give the answers and the next step."""
        view = await self._do.get_onboarding(user_of(context))
        return pb.GetOnboardingResponse(onboarding=onboarding.onboarding(view))

    async def SetNativeLanguage(
        self, request: pb.SetNativeLanguageRequest, context: Context
    ) -> pb.SetNativeLanguageResponse:
        """Choose the native language."""
        view = await self._do.select_native_language(user_of(context), request.language_id)
        return pb.SetNativeLanguageResponse(onboarding=onboarding.onboarding(view))

    async def SetIndustry(self, request: pb.SetIndustryRequest, context: Context) -> pb.SetIndustryResponse:
        """Choose the industry."""
        view = await self._do.select_industry(user_of(context), request.industry_id)
        return pb.SetIndustryResponse(onboarding=onboarding.onboarding(view))

    async def MatchRoles(self, request: pb.MatchRolesRequest, context: Context) -> pb.MatchRolesResponse:
        """Find the roles that fit a description of the job."""
        matches = await self._do.match_roles(user_of(context), request.job_title, request.job_description)
        return pb.MatchRolesResponse(matches=map(onboarding.role_match, matches))

    async def SelectRole(self, request: pb.SelectRoleRequest, context: Context) -> pb.SelectRoleResponse:
        """Choose a role."""
        view = await self._do.select_role(user_of(context), request.role_id)
        return pb.SelectRoleResponse(onboarding=onboarding.onboarding(view))

    async def CreateCustomRole(
        self, request: pb.CreateCustomRoleRequest, context: Context
    ) -> pb.CreateCustomRoleResponse:
        """Make a role of the learner's own."""
        role = await self._do.create_custom_role(
            user_of(context), request.title, request.description, catalog.role_level(request.level)
        )
        return pb.CreateCustomRoleResponse(role=catalog.role(role))

    async def SetCommunicationPartners(
        self, request: pb.SetCommunicationPartnersRequest, context: Context
    ) -> pb.SetCommunicationPartnersResponse:
        """Choose the communication partners."""
        view = await self._do.select_partners(
            user_of(context), tuple(request.partner_ids), tuple(request.custom_partners)
        )
        return pb.SetCommunicationPartnersResponse(onboarding=onboarding.onboarding(view))

    async def SetSituations(self, request: pb.SetSituationsRequest, context: Context) -> pb.SetSituationsResponse:
        """Choose the situations for one partner."""
        view = await self._do.configure_situations(
            user_of(context), request.partner_id, tuple(request.situation_ids), tuple(request.custom_situations)
        )
        return pb.SetSituationsResponse(onboarding=onboarding.onboarding(view))

    async def GetSummary(self, request: pb.GetSummaryRequest, context: Context) -> pb.GetSummaryResponse:
        """Give all answers and the steps that lack one."""
        summary = await self._do.get_summary(user_of(context))
        return pb.GetSummaryResponse(
            onboarding=onboarding.onboarding(summary.view), missing=onboarding.steps(summary.missing)
        )

    async def CompleteOnboarding(
        self, request: pb.CompleteOnboardingRequest, context: Context
    ) -> pb.CompleteOnboardingResponse:
        """Confirm the summary."""
        view = await self._do.complete_onboarding(user_of(context))
        return pb.CompleteOnboardingResponse(onboarding=onboarding.onboarding(view))

    async def ResetOnboarding(self, request: pb.ResetOnboardingRequest, context: Context) -> pb.ResetOnboardingResponse:
        """Forget every answer."""
        view = await self._do.reset_onboarding(user_of(context))
        return pb.ResetOnboardingResponse(onboarding=onboarding.onboarding(view))
