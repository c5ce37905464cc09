"""Accounts, sessions and secrets in memory."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

from domain.identity.errors import TokenExpired, TokenInvalid
from domain.identity.model import (
    ACCESS_TOKEN_LIFETIME,
    Erased,
    Identity,
    PresentedToken,
    Session,
    User,
    VerifiedToken,
)
from domain.shared.clock import Clock
from domain.shared.events import Event

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_user(**changes: Any) -> User:
    """Return somebody; each time somebody else."""
    user_id = uuid4()
    address = f"ann-{user_id.hex}@example.com"
    user = User(user_id, address, address, "Ann Lee", None, "hash", False, NOON, NOON, NOON)
    return replace(user, **changes)


class SettableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class _State:
    users: dict[UUID, User] = field(default_factory=dict)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    tokens: dict[bytes, tuple[UUID, int]] = field(default_factory=dict)
    replies: dict[UUID, UUID] = field(default_factory=dict)
    """Those under way, with whose they are."""
    keys: set[UUID] = field(default_factory=set)
    erased: dict[UUID, datetime] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def copy(self) -> "_State":
        return _State(**{name: copy(getattr(self, name)) for name in _State.__dataclass_fields__})


class FakeUsers:
    def __init__(self, state: _State) -> None:
        self._users = state.users

    async def add(self, user: User) -> bool:
        if await self.get_by_email(user.email_key) is not None:
            return False
        self._users[user.id] = user
        return True

    async def get(self, user_id: UUID) -> User | None:
        return self._users.get(user_id)

    async def get_for_update(self, user_id: UUID) -> User | None:
        return self._users.get(user_id)

    async def get_for_session(self, user_id: UUID) -> User | None:
        return self._users.get(user_id)

    async def get_exclusively(self, user_id: UUID) -> User | None:
        return self._users.get(user_id)

    async def get_by_email(self, email_key: str) -> User | None:
        return next((user for user in self._users.values() if user.email_key == email_key), None)

    async def save(self, user: User) -> None:
        self._users[user.id] = replace(
            self._users[user.id],
            full_name=user.full_name,
            date_of_birth=user.date_of_birth,
            updated_at=user.updated_at,
            version=user.version,
        )

    async def save_roles(self, user: User) -> None:
        self._users[user.id] = replace(self._users[user.id], roles=user.roles)

    async def replace_password_hash(self, user_id: UUID, old: str, new: str) -> None:
        if self._users[user_id].password_hash == old:
            self._users[user_id] = replace(self._users[user_id], password_hash=new)


class FakeSessions:
    def __init__(self, state: _State) -> None:
        self._sessions, self._tokens = state.sessions, state.tokens

    async def add(self, session: Session, token_hash: bytes) -> None:
        await self.rotate(session, token_hash)

    async def get(self, session_id: UUID) -> Session | None:
        return self._sessions.get(session_id)

    async def open_of(self, user_id: UUID, now: datetime, most: int) -> Sequence[Session]:
        own = [session for session in self._sessions.values() if session.user_id == user_id and session.is_open(now)]
        return sorted(own, key=lambda session: (session.last_seen_at, session.id), reverse=True)[:most]

    async def open_among(self, session_ids: Collection[UUID], now: datetime) -> Collection[UUID]:
        return [one for one in session_ids if one in self._sessions and self._sessions[one].is_open(now)]

    async def get_for_update(self, session_id: UUID, user_id: UUID) -> Session | None:
        session = self._sessions.get(session_id)
        return session if session is not None and session.user_id == user_id else None

    async def unrevoked_for_update(self, user_id: UUID) -> Sequence[Session]:
        own = [session for session in self._sessions.values() if session.user_id == user_id]
        return [session for session in own if session.revoked_at is None]

    async def find_for_update(self, token_hash: bytes) -> PresentedToken | None:
        if token_hash not in self._tokens:
            return None
        session_id, generation = self._tokens[token_hash]
        return PresentedToken(self._sessions[session_id], generation)

    async def rotate(self, session: Session, token_hash: bytes) -> None:
        self._sessions[session.id] = session
        self._tokens[token_hash] = (session.id, session.generation)

    async def revoke(self, session: Session) -> None:
        self._sessions[session.id] = session


class FakeErasures:
    def __init__(self, state: _State) -> None:
        self._state = state

    async def erase(self, user_id: UUID, now: datetime) -> Erased:
        state = self._state
        sessions = tuple(session.id for session in state.sessions.values() if session.user_id == user_id)
        replies = tuple(reply for reply, whose in state.replies.items() if whose == user_id)
        state.users.pop(user_id, None)
        for session_id in sessions:
            del state.sessions[session_id]
        for token_hash in [each for each, (session_id, _) in state.tokens.items() if session_id in sessions]:
            del state.tokens[token_hash]
        for reply in replies:
            del state.replies[reply]
        state.keys.discard(user_id)
        state.erased.setdefault(user_id, now)
        return Erased(sessions, replies)

    async def is_back(self, user_id: UUID) -> bool:
        return user_id in self._state.users or user_id in self._state.keys


class FakeRepositories:
    def __init__(self, state: _State) -> None:
        self.users = FakeUsers(state)
        self.sessions = FakeSessions(state)
        self.erasures = FakeErasures(state)


class FakeIdentityWork(FakeRepositories):
    """A unit of work whose changes reach the store when it commits."""

    def __init__(self, store: "FakeIdentityStore") -> None:
        self._store = store
        self._state = store.state.copy()
        super().__init__(self._state)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def record(self, *events: Event) -> None:
        self._state.events.extend(events)

    async def commit(self, result: object = None) -> None:
        self._store.state = self._state.copy()


class FakeIdentityStore:
    """What was committed."""

    def __init__(self) -> None:
        self.state = _State()

    @property
    def events(self) -> list[Event]:
        return self.state.events

    def work(self) -> FakeIdentityWork:
        return FakeIdentityWork(self)

    @asynccontextmanager
    async def reads(self) -> AsyncIterator[FakeRepositories]:
        yield FakeRepositories(self.state)


class FakePasswordHasher:
    """Hashes at once; counts how often it was at work, which is what an observer's clock would show."""

    def __init__(self, parameters: str = "v2") -> None:
        self._parameters = parameters
        self.runs = 0

    async def hash(self, password: str) -> str:
        self.runs += 1
        salt = secrets.token_hex(4)
        return f"{self._parameters}${salt}${self._digest(password, salt)}"

    async def verify(self, password: str, password_hash: str) -> bool:
        self.runs += 1
        _, salt, digest = password_hash.split("$") if password_hash.count("$") == 2 else ("", "", "")
        return digest == self._digest(password, salt)

    def is_outdated(self, password_hash: str) -> bool:
        return not password_hash.startswith(f"{self._parameters}$")

    def _digest(self, password: str, salt: str) -> str:
        return hashlib.sha256(f"{salt}{password}".encode()).hexdigest()


class FakeAccessTokens:
    """Numbers its tokens and remembers what each says."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: dict[str, VerifiedToken] = {}

    def issue(self, identity: Identity) -> str:
        token = f"access-{len(self._issued)}"
        self._issued[token] = VerifiedToken(identity, self._clock() + ACCESS_TOKEN_LIFETIME)
        return token

    def verify(self, token: str) -> VerifiedToken:
        if token not in self._issued:
            raise TokenInvalid
        if self._issued[token].expires_at <= self._clock():
            raise TokenExpired
        return self._issued[token]

    def public_keys(self) -> dict[str, Any]:
        return {"keys": [{"kty": "OKP", "kid": "fake"}]}


class FakeRefreshTokens:
    """Counts its first tokens; a successor adds a dash."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = iter(range(1_000))

    def first(self) -> str:
        return f"refresh-{next(self._numbers)}"

    def successor(self, token: str) -> str:
        return f"{token}'"


class FakeLiveSessions:
    """Remembers what it was told of sessions; each that ends is told to `verifier`, if there is one."""

    def __init__(self, verifier: Any = None) -> None:
        self.ends: list[UUID] = []
        self.moments: dict[UUID, datetime] = {}
        self.written: dict[UUID, datetime] = {}
        self.verifier = verifier

    def used(self, session: Session, written: datetime) -> None:
        self.moments[session.id] = session.last_seen_at
        self.written[session.id] = written

    async def seen(self, user_id: UUID) -> Mapping[UUID, datetime]:
        return dict(self.moments)

    async def ended(self, user_id: UUID, session_ids: Iterable[UUID]) -> None:
        for session_id in session_ids:
            self.ends.append(session_id)
            if self.verifier is not None:
                self.verifier.forget(session_id)


class FakeReplyBell:
    """Remembers for which replies it was rung."""

    def __init__(self) -> None:
        self.rung: list[UUID] = []

    async def ring(self, generation_id: UUID) -> None:
        self.rung.append(generation_id)
