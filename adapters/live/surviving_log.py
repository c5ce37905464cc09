"""The log of a process: in Redis, and in the process's own memory while Redis is away."""

import asyncio
from collections.abc import AsyncGenerator
from typing import NoReturn
from uuid import UUID

from adapters.live.follow import Follower
from adapters.live.local_log import LocalLogs
from adapters.live.local_reader import LocalFirstReader
from adapters.live.log_reader import BEGINNING
from adapters.live.outage import Outage
from adapters.live.redis_log import RedisGenerationLog
from adapters.live.surviving_writer import SurvivingWriter, Ways
from domain.practice.log import Alive, RecoverText
from domain.practice.reply import LogEntry, Position

LOOK_SECONDS = 0.3
"""Between two looks whether Redis still takes entries: with `STUCK` of them a reader waits some 1.2 s, once an outage.

They are counted and not timed: a process that was stopped or is slow finds no answer missing that it has not read.
"""


class SurvivingLog:
    """Implements GenerationLog. One a process; `start` and `close` it in the loop that uses it.

    While Redis is away a reply goes on in memory, for readers in this process. Others wait, and get its end from the
    database or, when Redis is back in time, the rest from there.
    """

    def __init__(self, durable: RedisGenerationLog) -> None:
        self._durable = durable
        self._outage = Outage(durable.redis)
        self.local = LocalLogs()
        self._ways = Ways(durable.writers, durable.hub, self.local, self._outage)
        self._reader = LocalFirstReader(self.local, durable.reader, self._outage, self._ways.decides)
        self._task: asyncio.Task[NoReturn] | None = None

    async def start(self) -> None:
        """Begin to write and to read."""
        await self._durable.start()
        self._task = asyncio.create_task(self._look(), name="look after the log")

    async def close(self) -> None:
        """Stop, and close all connections. What writers have not flushed is lost to the log."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._outage.close()
        await self._durable.close()

    def writer(self, generation_id: UUID, attempt: int, recover: RecoverText) -> SurvivingWriter:
        """Return the writer of an attempt. The attempt's lease must be held."""
        writer = SurvivingWriter(generation_id, attempt, recover, self._ways)
        self._durable.hub.unwatch(generation_id)
        return writer

    def follow(self, generation_id: UUID, after: Position | None, alive: Alive) -> AsyncGenerator[LogEntry, None]:
        """Yield the entries after `after` as they come, up to the last event; see the port."""
        durable = self._durable
        follower = Follower(
            self._reader, durable.hub, self._watch, generation_id, alive, durable.silences, after or BEGINNING
        )
        return follower.entries()

    async def holds(self, generation_id: UUID, position: Position) -> bool | None:
        """Return whether a reader can go on after `position`; None when nobody knows. Raises LogUnavailable."""
        return await self._reader.holds(generation_id, position)

    async def read(self, generation_id: UUID) -> tuple[LogEntry, ...]:
        """Return all entries; empty when there is no log. Raises LogUnavailable."""
        return await self._reader.all(generation_id)

    async def ping(self) -> None:
        """Return when Redis answers. Raises LogUnavailable."""
        await self._durable.ping()

    async def end(self, generation_id: UUID) -> None:
        """Let the log expire: an hour from now in Redis, in memory once nobody reads it. Raises LogUnavailable."""
        if generation_id not in self.local:
            await self._durable.end(generation_id)

    def _watch(self, generation_id: UUID, after: Position) -> None:
        if generation_id not in self.local:
            self._durable.watch(generation_id, after)

    async def _look(self) -> NoReturn:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for writer in list(self._ways.writers):
                writer.look()
            self.local.sweep(self._durable.hub.is_followed)
