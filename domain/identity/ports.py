"""What the identity area needs from outside."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.identity.model import Erased, Identity, PresentedToken, Session, User, VerifiedToken
from domain.shared.unit_of_work import UnitOfWork


class Users(Protocol):
    """Keeps accounts."""

    async def add(self, user: User) -> bool:
        """Add a new user; False, and nothing added, when the address is taken. Of several at once one gets True."""
        ...

    async def get(self, user_id: UUID) -> User | None:
        """Give a user."""
        ...

    async def get_for_update(self, user_id: UUID) -> User | None:
        """Give a user, and have others who ask for the same wait until the unit of work has ended."""
        ...

    async def get_for_session(self, user_id: UUID) -> User | None:
        """Give a user as they are now, to open a session of theirs.

        Nobody else gets them by `get_exclusively` or erases them until the unit of work has ended.
        """
        ...

    async def get_exclusively(self, user_id: UUID) -> User | None:
        """Give a user once nobody opens a session of theirs, and have who would wait until the unit of work has ended.

        It takes the place of `get_for_update` too.
        """
        ...

    async def get_by_email(self, email_key: str) -> User | None:
        """Give the user whose address has this key."""
        ...

    async def save(self, user: User) -> None:
        """Write the profile of a user that came from `get_for_update`."""
        ...

    async def save_roles(self, user: User) -> None:
        """Write the roles of a user that came from `get_exclusively`."""
        ...

    async def replace_password_hash(self, user_id: UUID, old: str, new: str) -> None:
        """Write another hash of the same password; changes nothing when the hash is no longer `old`."""
        ...


class Sessions(Protocol):
    """Keeps sessions and the hashes of their refresh tokens."""

    async def add(self, session: Session, token_hash: bytes) -> None:
        """Add a new session with its first refresh token."""
        ...

    async def get(self, session_id: UUID) -> Session | None:
        """Give a session."""
        ...

    async def open_of(self, user_id: UUID, now: datetime, most: int) -> Sequence[Session]:
        """Give the user's sessions that are open at `now`: at most so many, the one last used first."""
        ...

    async def open_among(self, session_ids: Collection[UUID], now: datetime) -> Collection[UUID]:
        """Give those of the sessions that are open at `now`, whosever they are."""
        ...

    async def get_for_update(self, session_id: UUID, user_id: UUID) -> Session | None:
        """Give a session of this user, and have others who ask for it wait until the unit of work has ended."""
        ...

    async def unrevoked_for_update(self, user_id: UUID) -> Sequence[Session]:
        """Give the sessions of a user that were not revoked, and have others who ask for one of them wait."""
        ...

    async def find_for_update(self, token_hash: bytes) -> PresentedToken | None:
        """Give the session of a refresh token, and have others who ask for the same session wait as Users does."""
        ...

    async def rotate(self, session: Session, token_hash: bytes) -> None:
        """Write a session that came from `find_for_update` and was rotated, with its newest refresh token."""
        ...

    async def revoke(self, session: Session) -> None:
        """Write a session that was given for update and was revoked."""
        ...


class Erasures(Protocol):
    """Takes away all that is a person's own, in every area."""

    async def erase(self, user_id: UUID, now: datetime) -> Erased:
        """Delete the account with all that belongs to it and the key of their words in events, and list the user.

        Where there is nothing to delete it only lists them, once. Who is listed gets no key again.
        """
        ...

    async def is_back(self, user_id: UUID) -> bool:
        """Whether there is an account or a key of this user."""
        ...


class IdentityRepositories(Protocol):
    """The repositories of this area."""

    @property
    def users(self) -> Users:
        """The accounts."""
        ...

    @property
    def sessions(self) -> Sessions:
        """The sessions."""
        ...


class IdentityWork(UnitOfWork, IdentityRepositories, Protocol):
    """A unit of work over accounts and sessions."""

    @property
    def erasures(self) -> Erasures:
        """The erasing of users."""
        ...


IdentityReads = Callable[[], AbstractAsyncContextManager[IdentityRepositories]]
"""Gives the repositories for reading, each read on its own."""


class CommonPasswords(Protocol):
    """The passwords that everybody tries, case folded."""

    def __contains__(self, password: object) -> bool: ...


class PasswordHasher(Protocol):
    """Turns passwords into hashes that are slow to try. Each call takes tens of milliseconds of another thread."""

    async def hash(self, password: str) -> str:
        """Return a hash with a salt of its own."""
        ...

    async def verify(self, password: str, password_hash: str) -> bool:
        """Whether the hash was made of this password. Takes as long as `hash`."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether `hash` would by now use other parameters."""
        ...


class AccessTokens(Protocol):
    """Signs access tokens and reads them."""

    def issue(self, identity: Identity) -> str:
        """Return a signed token that lives ACCESS_TOKEN_LIFETIME from now."""
        ...

    def verify(self, token: str) -> VerifiedToken:
        """Return what the token says. Raises TokenInvalid, TokenExpired."""
        ...

    def public_keys(self) -> dict[str, Any]:
        """Return the keys that `verify` uses, as a JSON Web Key Set without anything secret."""
        ...


class RefreshTokenSource(Protocol):
    """Makes refresh tokens: opaque, unguessable, 32 bytes as base64url."""

    def first(self) -> str:
        """Return a new random token."""
        ...

    def successor(self, token: str) -> str:
        """Return the token that follows `token`: always the same one, and nobody else can tell which."""
        ...


class LiveSessions(Protocol):
    """What is told about sessions beside the database, which decides. Best effort: nothing here fails or waits long."""

    def used(self, session: Session, written: datetime) -> None:
        """Note that a session was used at its `last_seen_at`, without waiting; the database has `written` until now."""
        ...

    async def seen(self, user_id: UUID) -> Mapping[UUID, datetime]:
        """Give when sessions of the user were last used, by their id, as far as that is known here."""
        ...

    async def ended(self, user_id: UUID, session_ids: Iterable[UUID]) -> None:
        """Have every process refuse the access tokens of these sessions, which the database has ended."""
        ...


class ReplyBell(Protocol):
    """Tells the producer of a reply, in whatever process, to stop."""

    async def ring(self, generation_id: UUID) -> None:
        """Tell all processes. Best effort: without it the producer finds out within seconds that its reply is gone."""
        ...
