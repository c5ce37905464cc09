"""Users, their sessions, and what their tokens say."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Self
from uuid import UUID

ACCESS_TOKEN_LIFETIME = timedelta(minutes=10)
SESSION_IDLE_LIFETIME = timedelta(days=30)
SESSION_LIFETIME = timedelta(days=180)
# An answer that was lost on the way is asked for again within seconds; a thief comes later.
ROTATION_GRACE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class User:
    """A person who learns.

    `email` is the address as it was typed, `email_key` what makes it unique. `version` counts the changes that the
    user can see, from 1. `roles` are such as `admin`; a learner has none.
    """

    id: UUID
    email: str
    email_key: str
    full_name: str
    date_of_birth: date | None
    password_hash: str
    email_verified: bool
    terms_accepted_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int = 1
    roles: tuple[str, ...] = ()

    @property
    def etag(self) -> str:
        """Stands for this state of the account."""
        return str(self.version)


class TokenStanding(Enum):
    """What a session makes of one of its refresh tokens."""

    NEWEST = auto()
    JUST_REPLACED = auto()
    REUSED = auto()


@dataclass(frozen=True, slots=True)
class Session:
    """A user signed in on one device: a family of refresh tokens, each the successor of the one before.

    `generation` counts those tokens, from 0; `rotated_at` is when the newest one was made. `device` is what the
    client called itself. The id is the access token's `sid`.
    """

    id: UUID
    user_id: UUID
    device: str
    created_at: datetime
    last_seen_at: datetime
    absolute_expiry: datetime
    rotated_at: datetime
    generation: int = 0
    revoked_at: datetime | None = None

    @classmethod
    def opened(cls, session_id: UUID, user_id: UUID, device: str, now: datetime) -> Self:
        """Return a new session."""
        return cls(session_id, user_id, device, now, now, now + SESSION_LIFETIME, now)

    @property
    def expires_at(self) -> datetime:
        """When it ends unless it is used before."""
        return min(self.last_seen_at + SESSION_IDLE_LIFETIME, self.absolute_expiry)

    def is_open(self, now: datetime) -> bool:
        """Whether the session is neither revoked nor past its idle or its absolute lifetime."""
        return self.revoked_at is None and now < self.expires_at

    def seen(self, moment: datetime) -> Self:
        """Return the session as last used at `moment`; a moment before its last use changes nothing."""
        return replace(self, last_seen_at=max(self.last_seen_at, moment))

    def standing(self, generation: int, now: datetime) -> TokenStanding:
        """Return what this session makes of its refresh token of that generation."""
        if generation == self.generation:
            return TokenStanding.NEWEST
        if generation == self.generation - 1 and now - self.rotated_at <= ROTATION_GRACE:
            return TokenStanding.JUST_REPLACED
        return TokenStanding.REUSED

    def rotated(self, now: datetime) -> Self:
        """Return the session with one more refresh token."""
        return replace(self, generation=self.generation + 1, rotated_at=now, last_seen_at=now)

    def revoked(self, now: datetime) -> Self:
        """Return the session ended."""
        return replace(self, revoked_at=now)


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A refresh token that was found: its session, and which of the session's tokens it is."""

    session: Session
    generation: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What was under way when a user was erased: the ids of their sessions, and of the replies being made."""

    sessions: tuple[UUID, ...] = ()
    replies: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is calling, as a verified access token says. A learner has no roles."""

    user_id: UUID
    session_id: UUID
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What an access token says whose signature is ours, and until when."""

    identity: Identity
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client keeps to stay signed in; `expires_in` are the seconds that the access token lives."""

    access_token: str
    refresh_token: str
    expires_in: int
