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
from adapters.live.silences import Silences
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
        self.silences = Silences(silence)
        self.redis = connect(url, _CONNECTIONS)
        self.reader = LogReader(self.redis)
        self.hub = LogHub(url, self.redis)
        self.writers = LogWriter(Pipe(url), self.reader, self.hub.deliver)

    async def start(self) -> None:
        """Begin to write and to read."""
        self.hub.start()
        self.writers.start()

    async def close(self) -> None:
        """Stop, and close all connections. What writers have not flushed is lost to the log."""
        await self.writers.close()
        await self.hub.close()
        await self.redis.aclose()

    def writer(self, generation_id: UUID, attempt: int, recover: RecoverText) -> RedisGenerationWriter:
        """Return the writer of an attempt. The attempt's lease must be held."""
        writer = self.writers.open(generation_id, attempt, recover)
        self.hub.unwatch(generation_id)
        return writer

    def follow(self, generation_id: UUID, after: Position | None, alive: Alive) -> AsyncGenerator[LogEntry, None]:
        """Yield the entries after `after` as they come, up to the last event; see the port."""
        follower = Follower(self.reader, self.hub, self.watch, generation_id, alive, self.silences, after or BEGINNING)
        return follower.entries()

    async def holds(self, generation_id: UUID, position: Position) -> bool | None:
        """Return whether a reader can go on after `position`; None when there is no log. Raises LogUnavailable."""
        return await self.reader.holds(generation_id, position)

    async def read(self, generation_id: UUID) -> tuple[LogEntry, ...]:
        """Return all entries; empty when there is no log. Raises LogUnavailable."""
        return await self.reader.all(generation_id)

    async def ping(self) -> None:
        """Return when the server answers. Raises LogUnavailable."""
        async with log_answers():
            await self.redis.ping()

    async def end(self, generation_id: UUID) -> None:
        """Let the log expire, an hour from now. Raises LogUnavailable."""
        async with log_answers():
            await self.redis.expire(log_key(generation_id), ENDED_LIFE)

    def watch(self, generation_id: UUID, after: Position) -> None:
        """Have the hub read on after `after`, unless the log is written here."""
        if not self.writers.produces(generation_id):
            self.hub.watch(generation_id, after)
