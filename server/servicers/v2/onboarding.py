"""OnboardingService."""

from collections.abc import Callable
from typing import TypeVar

from adapters.application import OnboardingUseCases
from domain.onboarding.view import OnboardingView
from fluentpro.v2 import onboarding_service_pb2 as pb
from fluentpro.v2.onboarding_service_pb2_grpc import OnboardingServiceServicer
from server.answering import answer_once
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
        work = self._do.select_native_language(user_of(context), request.language_id)
        return await answer_once(context, _showing(pb.SetNativeLanguageResponse), work)

    async def SetIndustry(self, request: pb.SetIndustryRequest, context: Context) -> pb.SetIndustryResponse:
        """Choose the industry."""
        work = self._do.select_industry(user_of(context), request.industry_id)
        return await answer_once(context, _showing(pb.SetIndustryResponse), work)

    async def MatchRoles(self, request: pb.MatchRolesRequest, context: Context) -> pb.MatchRolesResponse:
        """Find the roles that fit a description of the job."""
        matches = await self._do.match_roles(user_of(context), request.job_title, request.job_description)
        return pb.MatchRolesResponse(matches=map(onboarding.role_match, matches))

    async def SelectRole(self, request: pb.SelectRoleRequest, context: Context) -> pb.SelectRoleResponse:
        """Choose a role."""
        work = self._do.select_role(user_of(context), request.role_id)
        return await answer_once(context, _showing(pb.SelectRoleResponse), work)

    async def CreateCustomRole(
        self, request: pb.CreateCustomRoleRequest, context: Context
    ) -> pb.CreateCustomRoleResponse:
        """Make a role of the learner's own."""
        work = self._do.create_custom_role(
            user_of(context), request.title, request.description, catalog.role_level(request.level)
        )
        return await answer_once(context, lambda role: pb.CreateCustomRoleResponse(role=catalog.role(role)), work)

    async def SetCommunicationPartners(
        self, request: pb.SetCommunicationPartnersRequest, context: Context
    ) -> pb.SetCommunicationPartnersResponse:
        """Choose the communication partners."""
        work = self._do.select_partners(user_of(context), tuple(request.partner_ids), tuple(request.custom_partners))
        return await answer_once(context, _showing(pb.SetCommunicationPartnersResponse), work)

    async def SetSituations(self, request: pb.SetSituationsRequest, context: Context) -> pb.SetSituationsResponse:
        """Choose the situations for one partner."""
        work = self._do.configure_situations(
            user_of(context), request.partner_id, tuple(request.situation_ids), tuple(request.custom_situations)
        )
        return await answer_once(context, _showing(pb.SetSituationsResponse), work)

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
        work = self._do.complete_onboarding(user_of(context))
        return await answer_once(context, _showing(pb.CompleteOnboardingResponse), work)

    async def ResetOnboarding(self, request: pb.ResetOnboardingRequest, context: Context) -> pb.ResetOnboardingResponse:
        """Forget every answer."""
        work = self._do.reset_onboarding(user_of(context))
        return await answer_once(context, _showing(pb.ResetOnboardingResponse), work)


_Answer = TypeVar("_Answer")


def _showing(answer: Callable[..., _Answer]) -> Callable[[OnboardingView], _Answer]:
    """Return what makes an answer of that type show an onboarding."""
    return lambda view: answer(onboarding=onboarding.onboarding(view))
