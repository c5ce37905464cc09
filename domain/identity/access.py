"""Who is calling: reading access tokens, and publishing the keys that they are checked with."""

from dataclasses import dataclass
from typing import Any

from domain.identity.errors import TokenInvalid
from domain.identity.model import VerifiedToken
from domain.identity.ports import AccessTokens, IdentityReads, LiveSessions
from domain.shared.clock import Clock


@dataclass(frozen=True, slots=True)
class VerifyAccessToken:
    """Find out who holds an access token: the signature first, then whether its session is still open.

    Whoever remembers the answer for a while asks again after it: so each asking stands for a use of the session.
    """

    access: AccessTokens
    reads: IdentityReads
    live: LiveSessions
    clock: Clock

    async def __call__(self, token: str) -> VerifiedToken:
        """Return what the token says. Raises TokenInvalid, TokenExpired."""
        verified = self.access.verify(token)
        async with self.reads() as repositories:
            session = await repositories.sessions.get(verified.identity.session_id)
        now = self.clock()
        if session is None or not session.is_open(now):
            raise TokenInvalid
        self.live.used(session.seen(now), session.last_seen_at)
        return verified


@dataclass(frozen=True, slots=True)
class GetPublicKeys:
    """Publish the keys that access tokens are signed with."""

    access: AccessTokens

    async def __call__(self) -> dict[str, Any]:
        """Return a JSON Web Key Set (RFC 7517)."""
        return self.access.public_keys()
