"""What processes tell one another about sessions: their use, and their end."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from adapters.live.connection import connect
from adapters.live.doorbell import RedisDoorbell
from adapters.sessions.copies import CopiesUnavailable, SessionCopies
from adapters.sessions.keys import ENDED_CHANNEL
from adapters.sessions.uses import SaveUses, SessionUses
from domain.identity.model import Session
from domain.shared.clock import Clock

_CONNECTIONS = 2


class RedisLiveSessions:
    """Implements `domain.identity.ports.LiveSessions`. One a process."""

    def __init__(self, url: str, save: SaveUses, clock: Clock) -> None:
        """Take what writes uses to the database: `adapters.sql.sessions.SqlSessionUses.save`."""
        self._redis = connect(url, _CONNECTIONS)
        self._copies = SessionCopies(self._redis)
        self._uses = SessionUses(self._copies, save, clock)
        self._bell = RedisDoorbell(url, ENDED_CHANNEL)
        self._handlers: list[Callable[[UUID], None]] = []
        self._clock = clock

    def start(self) -> None:
        """Tell on in the background what is noted."""
        self._uses.start()

    def listen(self, handler: Callable[[UUID], None]) -> None:
        """Call `handler`, which must not block, with the id of each session that ends in any process.

        Possibly twice. What ends elsewhere while Redis is away is not told: TokenVerifier finds out within a minute.
        """
        self._handlers.append(handler)
        self._bell.listen(handler)

    async def close(self) -> None:
        """Tell on the last of it, and stop listening."""
        await self._uses.stop()
        await self._bell.close()
        await self._redis.aclose()

    async def flush(self) -> None:
        """Tell on at once what is noted."""
        await self._uses.flush()

    def used(self, session: Session, written: datetime) -> None:
        """Note a use."""
        self._uses.note(session, written)

    async def seen(self, user_id: UUID) -> Mapping[UUID, datetime]:
        """Return when sessions of the user were last used; nothing while Redis is away."""
        try:
            return await self._copies.seen(user_id, self._clock())
        except CopiesUnavailable:
            return {}

    async def ended(self, user_id: UUID, session_ids: Iterable[UUID]) -> None:
        """Tell this process at once, and all others."""
        ended = tuple(session_ids)
        for handler in self._handlers:
            for session_id in ended:
                handler(session_id)
        if ended:
            with suppress(CopiesUnavailable):
                await self._copies.end(user_id, ended)
