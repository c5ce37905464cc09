"""The durable log over Redis, as a whole."""

from collections.abc import AsyncGenerator
from uuid import UUID

from adapters.live.connection import connect, log_answers
from adapters.live.follow import Follower
from adapters.live.generation_writer import RedisGenerationWriter
from adapters.live.keys import log_key
from adapters.live.log_hub import LogHub
from adapters.live.log_reader import BEGINNING, LogReader
from adapters.live.log_writer import LogWriter
from adapters.live.pipe import Pipe
from domain.practice.log import Alive, RecoverText
from domain.practice.reply import LogEntry, Position

ENDED_LIFE = 60 * 60
"""Seconds that a log can be resumed after its end."""
SILENCE = 1.0
"""Seconds without an entry after which a reader looks at the log itself."""
_CONNECTIONS = 16


class RedisGenerationLog:
    """Implements GenerationLog. One a process; `start` and `close` it in the loop that uses it.

    Neither touches the server: while it is away, every call says LogUnavailable.
    """

    def __init__(self, url: str, silence: float = SILENCE) -> None:
        self._silence = silence
        self._redis = connect(url, _CONNECTIONS)
        self._reader = LogReader(self._redis)
        self._hub = LogHub(url, self._redis)
        self._writer = LogWriter(Pipe(url), self._reader, self._hub.deliver)

    async def start(self) -> None:
        """Begin to write and to read."""
        self._hub.start()
        self._writer.start()

    async def close(self) -> None:
        """Stop, and close all connections. What writers have not flushed is lost to the log."""
        await self._writer.close()
        await self._hub.close()
        await self._redis.aclose()

    def writer(self, generation_id: UUID, attempt: int, recover: RecoverText) -> RedisGenerationWriter:
        """Return the writer of an attempt. The attempt's lease must be held."""
        writer = self._writer.open(generation_id, attempt, recover)
        self._hub.unwatch(generation_id)
        return writer

    def follow(self, generation_id: UUID, after: Position | None, alive: Alive) -> AsyncGenerator[LogEntry, None]:
        """Yield the entries after `after` as they come, up to the last event; see the port."""
        follower = Follower(
            self._reader, self._hub, self._watch, generation_id, alive, self._silence, after or BEGINNING
        )
        return follower.entries()

    async def holds(self, generation_id: UUID, position: Position) -> bool | None:
        """Return whether a reader can go on after `position`; None when there is no log. Raises LogUnavailable."""
        return await self._reader.holds(generation_id, position)

    async def read(self, generation_id: UUID) -> tuple[LogEntry, ...]:
        """Return all entries; empty when there is no log. Raises LogUnavailable."""
        return await self._reader.all(generation_id)

    async def ping(self) -> None:
        """Return when the server answers. Raises LogUnavailable."""
        async with log_answers():
            await self._redis.ping()

    async def end(self, generation_id: UUID) -> None:
        """Let the log expire, an hour from now. Raises LogUnavailable."""
        async with log_answers():
            await self._redis.expire(log_key(generation_id), ENDED_LIFE)

    def _watch(self, generation_id: UUID, after: Position) -> None:
        if not self._writer.produces(generation_id):
            self._hub.watch(generation_id, after)
