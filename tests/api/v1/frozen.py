"""Our servicers, their chain and the gateway in memory, where clock, ids, keys and tokens are the same each time."""

import io
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
from fakes.catalog import FakeCatalog
from fakes.identity import (
    FakeAccessTokens,
    FakeIdentityStore,
    FakeLiveSessions,
    FakePasswordHasher,
    FakeRefreshTokens,
    FakeReplyBell,
    SettableClock,
)
from fakes.onboarding import FakeOnboardingStore

from adapters.application import CatalogUseCases, IdentityUseCases, OnboardingUseCases
from adapters.security.verified_tokens import TokenVerifier
from adapters.seed.files import read_catalog
from adapters.settings import Profile, Settings
from adapters.telemetry.api_use import ApiUse
from adapters.telemetry.logs import AccessLog
from adapters.wiring import Application
from domain.catalog.browse import ListCommunicationPartners, ListIndustries, ListLanguages, ListRoles, ListSituations
from domain.catalog.use_cases import WordRoleMatcher
from domain.identity.access import GetPublicKeys, VerifyAccessToken
from domain.identity.erase import EraseUser
from domain.identity.log_in import AuthenticateUser
from domain.identity.open_sessions import FindEndedSessions
from domain.identity.profile import GetUser, UpdateProfile
from domain.identity.sessions import LogOut, RefreshTokens, SessionTokens
from domain.identity.sign_up import RegisterUser
from domain.onboarding.choose_partners import ConfigurePartnerSituations, SelectCommunicationPartners
from domain.onboarding.choose_role import CreateCustomUserRole, MatchUserRoleFromDescription, SelectRole
from domain.onboarding.use_cases import (
    CompleteOnboarding,
    GetOnboarding,
    GetSummary,
    ResetOnboarding,
    SelectNativeLanguage,
    SelectUserIndustry,
)
from server.dispatcher import Dispatcher
from server.service import build_service


class Frozen:
    """The areas that v1 shows, over one store in memory. Ids count from 1."""

    def __init__(self, clock: SettableClock) -> None:
        self.clock = clock
        self._ids: Iterator[int] = count(1)
        self._identity = FakeIdentityStore()
        self._onboarding = FakeOnboardingStore(accounts=cast("set[UUID]", _Accounts(self._identity)))
        self._catalog = FakeCatalog(read_catalog(), self._onboarding.own_roles)
        self._access = FakeAccessTokens(clock)
        self._live = FakeLiveSessions()
        self._tokens = TokenVerifier(VerifyAccessToken(self._access, self._identity.reads, self._live, clock), clock)
        self._live.verifier = self._tokens

    def client(self) -> httpx.AsyncClient:
        """Return a client of the gateway, without a network between them."""

        def now() -> float:
            return self.clock().timestamp()

        service = build_service(self._application(), Settings(profile=Profile.TESTING), AccessLog(io.StringIO()), now)
        dispatcher = Dispatcher(service.chain)
        service.register(cast("Any", dispatcher))
        gateway = service.gateway(dispatcher)
        return httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", gateway)), base_url="http://fluentpro.test")

    def _new_id(self) -> UUID:
        return UUID(int=next(self._ids))

    def _application(self) -> Application:
        unused = cast("Any", SimpleNamespace(ping=None, watch_conversation=None, converse=None))
        return Application(
            identity=self._identity_use_cases(),
            catalog=CatalogUseCases(
                ListLanguages(self._catalog),
                ListIndustries(self._catalog),
                ListRoles(self._catalog),
                ListCommunicationPartners(self._catalog),
                ListSituations(self._catalog),
            ),
            onboarding=self._onboarding_use_cases(),
            practice=unused,
            jobs=unused,
            audit=unused,
            tokens=self._tokens,
            connections=unused,
            reads=unused,
            log=unused,
            recover=unused,
            api_use=ApiUse(self.clock),
            answers=unused,
            state=unused,
            streams=unused,
            sessions=cast("Any", SimpleNamespace(listen=lambda _handler: None)),
        )

    def _identity_use_cases(self) -> IdentityUseCases:
        work, reads, clock, hasher = self._identity.work, self._identity.reads, self.clock, FakePasswordHasher()
        sessions = SessionTokens(self._access, FakeRefreshTokens(), clock, self._new_id)
        return IdentityUseCases(
            register_user=RegisterUser(work, sessions, hasher, frozenset({"password12"}), clock, self._new_id),
            authenticate_user=AuthenticateUser(work, reads, sessions, hasher),
            refresh_tokens=RefreshTokens(work, sessions, self._live, clock),
            log_out=LogOut(work, self._live, clock),
            list_sessions=cast("Any", None),  # v1 has no such methods
            revoke_session=cast("Any", None),
            find_ended_sessions=FindEndedSessions(reads, clock),
            get_public_keys=GetPublicKeys(self._access),
            get_user=GetUser(reads),
            update_profile=UpdateProfile(work, clock),
            export_account=cast("Any", None),  # v1 has no such method
            erase_user=EraseUser(work, self._live, FakeReplyBell(), clock),
        )

    def _onboarding_use_cases(self) -> OnboardingUseCases:
        work, reads, catalog = self._onboarding.work, self._onboarding.reads, self._catalog
        return OnboardingUseCases(
            get_onboarding=GetOnboarding(reads, catalog),
            get_summary=GetSummary(reads, catalog),
            select_native_language=SelectNativeLanguage(work, catalog),
            select_industry=SelectUserIndustry(work, catalog),
            match_roles=MatchUserRoleFromDescription(reads, work, WordRoleMatcher(catalog)),
            select_role=SelectRole(work, catalog),
            create_custom_role=CreateCustomUserRole(work, self._new_id),
            select_partners=SelectCommunicationPartners(work, catalog, self._new_id),
            configure_situations=ConfigurePartnerSituations(work, catalog, self._new_id),
            complete_onboarding=CompleteOnboarding(work, catalog, self.clock),
            reset_onboarding=ResetOnboarding(work, catalog),
        )


class _Accounts:
    """The accounts of an identity store, as the onboarding store asks for them."""

    def __init__(self, identity: FakeIdentityStore) -> None:
        self._identity = identity

    def __contains__(self, user_id: UUID) -> bool:
        return user_id in self._identity.state.users
