"""A memory of access tokens that were found good: a learner's signature is checked once a minute, not once a call."""

from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.identity.model import Identity, VerifiedToken
from domain.shared.clock import Clock

# How long a token may go on being accepted after another process has ended its session, when that cannot tell us.
TRUSTED_FOR = timedelta(seconds=60)
# At about 1 KB a token some 10 MB; beyond that the one unused for longest is verified again when it comes.
CAPACITY = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    identity: Identity
    until: datetime


class TokenVerifier:
    """Tells who holds an access token.

    The end of a session counts at once where it is told (`forget`), and processes tell one another. Everywhere it
    counts within TRUSTED_FOR, when the database is asked again. A token that carries a role is never remembered:
    whoever loses a role has lost it with the next call, in every process.
    """

    def __init__(
        self, verify: Callable[[str], Awaitable[VerifiedToken]], clock: Clock, capacity: int = CAPACITY
    ) -> None:
        """Take what verifies a token that is not known (VerifyAccessToken)."""
        self._verify = verify
        self._clock = clock
        self._capacity = capacity
        self._known: OrderedDict[str, _Known] = OrderedDict()  # the one unused for longest comes first
        self._tokens_of: defaultdict[UUID, set[str]] = defaultdict(set)
        self._forgotten = 0

    def known(self, token: str) -> Identity | None:
        """Return the identity of a token that was verified lately; None when `identify` must be asked."""
        known = self._known.get(token)
        if known is None:
            return None
        if self._clock() >= known.until:
            self._drop(token)
            return None
        self._known.move_to_end(token)
        return known.identity

    async def identify(self, token: str) -> Identity:
        """Return the identity that the token proves. Raises TokenInvalid, TokenExpired, Unavailable."""
        identity = self.known(token)
        if identity is not None:
            return identity
        forgotten = self._forgotten
        verified = await self._verify(token)
        # A session that ended while its token was being verified must not be remembered as open.
        if self._forgotten == forgotten and not verified.identity.roles:
            self._remember(token, verified)
        return verified.identity

    def forget(self, session_id: UUID) -> None:
        """Have the next use of every token of this session verified anew."""
        self._forgotten += 1
        for token in self._tokens_of.pop(session_id, ()):
            del self._known[token]

    def _remember(self, token: str, verified: VerifiedToken) -> None:
        until = min(verified.expires_at, self._clock() + TRUSTED_FOR)
        self._known[token] = _Known(verified.identity, until)
        self._tokens_of[verified.identity.session_id].add(token)
        if len(self._known) > self._capacity:
            self._drop(next(iter(self._known)))

    def _drop(self, token: str) -> None:
        session_id = self._known.pop(token).identity.session_id
        tokens = self._tokens_of[session_id]
        tokens.discard(token)
        if not tokens:
            del self._tokens_of[session_id]
