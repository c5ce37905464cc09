"""UserService."""

from adapters.application import CatalogUseCases, IdentityUseCases, OnboardingUseCases
from domain.catalog.choices import one_of
from domain.shared.checks import Checks
from fluentpro.v1 import user_service_pb2 as pb
from fluentpro.v1.user_service_pb2_grpc import UserServiceServicer
from server.caller import Context, user_of
from server.mapping.v1 import profiles
from server.mapping.v1.violations import PROFILE, old_names
from server.servicers.v1.whole_lists import WHOLE


class UserServicer(UserServiceServicer):
    """The learner's profile."""

    def __init__(self, identity: IdentityUseCases, catalog: CatalogUseCases, onboarding: OnboardingUseCases) -> None:
        self._identity = identity
        self._catalog = catalog
        self._onboarding = onboarding

    async def GetProfile(self, request: pb.GetProfileRequest, context: Context) -> pb.GetProfileResponse:
        """Give the caller's own profile."""
        user = await self._identity.get_user(user_of(context))
        view = await self._onboarding.get_onboarding(user.id)
        return pb.GetProfileResponse(profile=profiles.profile(user, view))

    async def UpdateProfile(self, request: pb.UpdateProfileRequest, context: Context) -> pb.UpdateProfileResponse:
        """Change the caller's own profile. The choices are checked before anything is written."""
        change = profiles.profile_change(request)
        await self._check_choices(change)
        with old_names(PROFILE):
            user = await self._identity.update_profile(user_of(context), change.account)
        if change.language_id is not None:
            await self._onboarding.select_native_language(user.id, change.language_id)
        if change.industry_id is not None:
            await self._onboarding.select_industry(user.id, change.industry_id)
        view = await self._onboarding.get_onboarding(user.id)
        return pb.UpdateProfileResponse(profile=profiles.profile(user, view))

    async def _check_choices(self, change: profiles.ProfileChange) -> None:
        languages = (await self._catalog.list_languages(WHOLE)).items
        industries = (await self._catalog.list_industries(WHOLE)).items
        choosable = one_of([language.id for language in languages if language.available])
        with Checks() as check:
            if change.language_id is not None:
                check("native_language", choosable, change.language_id)
            if change.industry_id is not None:
                check("industry_id", one_of([industry.id for industry in industries]), change.industry_id)
