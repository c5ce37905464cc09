"""The identity use cases over fakes."""

from dataclasses import dataclass, field

import pytest
from fakes.identity import (
    FakeAccessTokens,
    FakeIdentityStore,
    FakeLiveSessions,
    FakePasswordHasher,
    FakeRefreshTokens,
    FakeReplyBell,
    SettableClock,
)

from domain.identity.access import GetPublicKeys, VerifyAccessToken
from domain.identity.erase import EraseAgain, EraseUser
from domain.identity.log_in import AuthenticateUser, LogIn
from domain.identity.open_sessions import ListSessions, RevokeSession
from domain.identity.profile import GetUser, UpdateProfile
from domain.identity.roles import GrantRole, RevokeRole
from domain.identity.sessions import LogOut, RefreshTokens, SessionTokens
from domain.identity.sign_up import RegisterUser, SignUp


@dataclass
class IdentityArea:
    """Every use case of the area, over one store."""

    clock: SettableClock = field(default_factory=SettableClock)
    store: FakeIdentityStore = field(default_factory=FakeIdentityStore)
    hasher: FakePasswordHasher = field(default_factory=FakePasswordHasher)
    refresh: FakeRefreshTokens = field(default_factory=FakeRefreshTokens)
    live: FakeLiveSessions = field(default_factory=FakeLiveSessions)
    bell: FakeReplyBell = field(default_factory=FakeReplyBell)

    def __post_init__(self):
        self.access = FakeAccessTokens(self.clock)
        tokens = SessionTokens(self.access, self.refresh, self.clock)
        work, reads = self.store.work, self.store.reads
        self.register = RegisterUser(work, tokens, self.hasher, frozenset({"qwertyuiop"}), self.clock)
        self.log_in = AuthenticateUser(work, reads, tokens, self.hasher)
        self.refresh_tokens = RefreshTokens(work, tokens, self.live, self.clock)
        self.log_out = LogOut(work, self.live, self.clock)
        self.list_sessions = ListSessions(reads, self.live, self.clock)
        self.revoke_session = RevokeSession(work, self.live, self.clock)
        self.get_user = GetUser(reads)
        self.update_profile = UpdateProfile(work, self.clock)
        self.erase = EraseUser(work, self.live, self.bell, self.clock)
        self.erase_again = EraseAgain(work, self.clock)
        self.grant = GrantRole(work)
        self.revoke = RevokeRole(work, self.clock)
        self.verify = VerifyAccessToken(self.access, reads, self.live, self.clock)
        self.public_keys = GetPublicKeys(self.access)

    def sign_up(self, **changes):
        command = {
            "email": "Ann.Lee@Example.com",
            "password": "correct horse battery",
            "full_name": "Ann Lee",
            "accept_terms": True,
        }
        return self.register(SignUp(**{**command, **changes}))

    def enter(self, email="ann.lee@example.com", password="correct horse battery", device=""):
        return self.log_in(LogIn(email, password, device))


@pytest.fixture
def area() -> IdentityArea:
    return IdentityArea()
