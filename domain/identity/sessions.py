"""The life of a session: opened, refreshed, ended."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from domain.identity.errors import RefreshTokenInvalid, RefreshTokenReused, UserNotFound
from domain.identity.events import (
    Revocation,
    SessionCreated,
    SessionRefreshed,
    SessionReuseDetected,
    SessionRevoked,
    UserLoggedOut,
)
from domain.identity.model import ACCESS_TOKEN_LIFETIME, Identity, PresentedToken, Session, Tokens, TokenStanding
from domain.identity.ports import AccessTokens, IdentityWork, LiveSessions, RefreshTokenSource
from domain.shared.checks import Checks, Refused
from domain.shared.clock import Clock

_DEVICE_LENGTH = 200


def token_hash(refresh_token: str) -> bytes:
    """Return the SHA-256 of a refresh token: all that is stored of it. 256 random bits need no slow hash."""
    return hashlib.sha256(refresh_token.encode("utf-8", "surrogatepass")).digest()


def device_label(value: str) -> str:
    """Return what a client calls itself, made fit to keep: printable and short. Never refused."""
    return "".join(filter(str.isprintable, value[:_DEVICE_LENGTH])).strip()


def _parse_refresh_token(value: str) -> str:
    if not value:
        raise Refused("REQUIRED", "A value is required.")
    return value


def _checked(refresh_token: str) -> str:
    with Checks() as check:
        check("refresh_token", _parse_refresh_token, refresh_token)
    return refresh_token


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """Opens sessions and hands out their tokens."""

    access: AccessTokens
    refresh: RefreshTokenSource
    clock: Clock
    new_id: Callable[[], UUID] = uuid4

    async def open(self, work: IdentityWork, user_id: UUID, device: str) -> tuple[Session, Tokens]:
        """Add a session to the unit of work, and return it with its first tokens. Raises UserNotFound."""
        user = await work.users.get_for_session(user_id)
        if user is None:
            raise UserNotFound(user_id)
        session = Session.opened(self.new_id(), user_id, device_label(device), self.clock())
        refresh_token = self.refresh.first()
        await work.sessions.add(session, token_hash(refresh_token))
        work.record(SessionCreated(session_id=session.id, user_id=user_id))
        return session, self.tokens(session, user.roles, refresh_token)

    def tokens(self, session: Session, roles: Iterable[str], refresh_token: str) -> Tokens:
        """Return a new access token of the session, which carries `roles`, beside this refresh token."""
        access_token = self.access.issue(Identity(session.user_id, session.id, frozenset(roles)))
        return Tokens(access_token, refresh_token, int(ACCESS_TOKEN_LIFETIME.total_seconds()))


@dataclass(frozen=True, slots=True)
class RefreshTokens:
    """Give the next tokens of a session for its refresh token.

    The token just replaced gives the same successor again for ROTATION_GRACE. An older one is taken for stolen.
    """

    uow: Callable[[], IdentityWork]
    sessions: SessionTokens
    live: LiveSessions
    clock: Clock

    async def __call__(self, refresh_token: str) -> Tokens:
        """Return the next tokens. Raises InvalidRequest, RefreshTokenInvalid, RefreshTokenReused."""
        hashed = token_hash(_checked(refresh_token))
        async with self.uow() as work:
            presented = await work.sessions.find_for_update(hashed)
            now = self.clock()
            if presented is None or not presented.session.is_open(now):
                raise RefreshTokenInvalid
            standing = presented.session.standing(presented.generation, now)
            if standing is TokenStanding.REUSED:
                await self._revoke(work, presented, now)
                raise RefreshTokenReused
            # Who loses a role meanwhile loses this session too.
            user = await work.users.get(presented.session.user_id)
            if user is None:
                raise RefreshTokenInvalid
            successor = self.sessions.refresh.successor(refresh_token)
            if standing is TokenStanding.NEWEST:
                await self._rotate(work, presented.session.rotated(now), successor)
        return self.sessions.tokens(presented.session, user.roles, successor)

    async def _rotate(self, work: IdentityWork, session: Session, successor: str) -> None:
        await work.sessions.rotate(session, token_hash(successor))
        work.record(SessionRefreshed(session_id=session.id, generation=session.generation))
        await work.commit()

    async def _revoke(self, work: IdentityWork, presented: PresentedToken, now: datetime) -> None:
        session = presented.session
        await work.sessions.revoke(session.revoked(now))
        whose = {"session_id": session.id, "user_id": session.user_id}
        work.record(
            SessionReuseDetected(**whose, generation=presented.generation),
            SessionRevoked(**whose, cause=Revocation.REUSE_DETECTED),
        )
        await work.commit()
        await self.live.ended(session.user_id, [session.id])


@dataclass(frozen=True, slots=True)
class LogOut:
    """End the session of a refresh token. A token that opens nothing is answered alike."""

    uow: Callable[[], IdentityWork]
    live: LiveSessions
    clock: Clock

    async def __call__(self, refresh_token: str) -> None:
        """End the session. Raises InvalidRequest when no token is given."""
        hashed = token_hash(_checked(refresh_token))
        async with self.uow() as work:
            presented = await work.sessions.find_for_update(hashed)
            now = self.clock()
            if presented is None or not presented.session.is_open(now):
                return
            session = presented.session
            await work.sessions.revoke(session.revoked(now))
            whose = {"session_id": session.id, "user_id": session.user_id}
            work.record(UserLoggedOut(**whose), SessionRevoked(**whose, cause=Revocation.LOGGED_OUT))
            await work.commit()
        await self.live.ended(session.user_id, [session.id])
