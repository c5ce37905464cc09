"""What happens to accounts and sessions. No event holds an address, a name, a birthday or a secret."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


class Revocation(StrEnum):
    """Why a session was ended before its time."""

    LOGGED_OUT = "logged_out"
    REUSE_DETECTED = "reuse_detected"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Event):
    """Somebody made an account, and accepted the terms."""

    type: ClassVar[str] = "user.registered"
    aggregate: ClassVar[str] = "user"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLoggedIn(Event):
    """A user opened a session by password."""

    type: ClassVar[str] = "user.logged_in"
    aggregate: ClassVar[str] = "user"
    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLoggedOut(Event):
    """A user ended a session."""

    type: ClassVar[str] = "user.logged_out"
    aggregate: ClassVar[str] = "user"
    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UserProfileUpdated(Event):
    """A user changed their profile; `fields` names what changed, for example `full_name`."""

    type: ClassVar[str] = "user.profile_updated"
    aggregate: ClassVar[str] = "user"
    user_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreated(Event):
    """A session was opened, by a sign-up or a log-in."""

    type: ClassVar[str] = "session.created"
    aggregate: ClassVar[str] = "session"
    session_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRefreshed(Event):
    """A session's refresh token was rotated; `generation` counts its tokens, from 0."""

    type: ClassVar[str] = "session.refreshed"
    aggregate: ClassVar[str] = "session"
    session_id: UUID
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRevoked(Event):
    """A session was ended before its time."""

    type: ClassVar[str] = "session.revoked"
    aggregate: ClassVar[str] = "session"
    session_id: UUID
    user_id: UUID
    cause: Revocation


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReuseDetected(Event):
    """A refresh token of an older `generation` than the session's newest was presented."""

    type: ClassVar[str] = "session.reuse_detected"
    aggregate: ClassVar[str] = "session"
    session_id: UUID
    user_id: UUID
    generation: int
