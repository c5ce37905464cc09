"""What happens to accounts and sessions. No event holds a secret; addresses and names are personal fields."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

from domain.shared.events import Event, personal


class Revocation(StrEnum):
    """Why a session was ended before its time."""

    LOGGED_OUT = "logged_out"
    REUSE_DETECTED = "reuse_detected"
    ROLE_REVOKED = "role_revoked"
    ENDED_BY_USER = "ended_by_user"


def _without_person(data: dict[str, Any]) -> dict[str, Any]:
    """Return schema 2 of schema 1, which did not say who it was."""
    return {**data, "email": None, "full_name": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Event):
    """Somebody made an account, and accepted the terms."""

    type: ClassVar[str] = "user.registered"
    schema_version: ClassVar[int] = 2
    aggregate: ClassVar[str] = "user"
    upcasters = MappingProxyType({1: _without_person})

    user_id: UUID
    email: str | None = personal()
    full_name: str | None = personal()


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
class UserRoleGranted(Event):
    """A user was given a role, such as `admin`."""

    type: ClassVar[str] = "user.role_granted"
    aggregate: ClassVar[str] = "user"
    user_id: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRoleRevoked(Event):
    """A role was taken from a user."""

    type: ClassVar[str] = "user.role_revoked"
    aggregate: ClassVar[str] = "user"
    user_id: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeleted(Event):
    """A user was erased: the account with all that belongs to it, and the key of what they said in events."""

    type: ClassVar[str] = "user.deleted"
    aggregate: ClassVar[str] = "user"
    user_id: UUID


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
