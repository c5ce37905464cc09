"""Reads that look into this process's own logs first."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from adapters.live.local_log import LocalLogs
from adapters.live.log_reader import PAGE, LogReader
from adapters.live.outage import Outage
from domain.practice.log import LogUnavailable
from domain.practice.reply import LogEntry, Position

_LOOK_AGAIN = 0.05


@dataclass(frozen=True, slots=True)
class LocalFirstReader:
    """Implements `adapters.live.follow.Pages`, and the reads of GenerationLog. Every method raises LogUnavailable.

    `decides`: a writer of this process has the generation, and may have to go on without Redis. Who reads it waits for
    that, instead of being sent away.
    """

    logs: LocalLogs
    reader: LogReader
    outage: Outage
    decides: Callable[[UUID], bool]

    async def page(self, generation_id: UUID, after: Position) -> list[LogEntry]:
        """Return the entries after `after`, PAGE at most: fewer mean that there are no more."""
        while True:
            if local := self.logs.get(generation_id):
                return local.page(after, PAGE)
            try:
                self.outage.check()
                return await self.reader.page(generation_id, after)
            except LogUnavailable:
                if generation_id not in self.logs and not self.decides(generation_id):
                    raise
                await asyncio.sleep(_LOOK_AGAIN)

    async def exists(self, generation_id: UUID) -> bool:
        """Return whether there is a log."""
        if generation_id in self.logs:
            return True
        self.outage.check()
        return await self.reader.exists(generation_id)

    async def holds(self, generation_id: UUID, position: Position) -> bool | None:
        """Return whether a reader can go on after `position`; None when nobody knows."""
        if local := self.logs.get(generation_id):
            return local.holds(position)
        self.outage.check()
        return await self.reader.holds(generation_id, position)

    async def all(self, generation_id: UUID) -> tuple[LogEntry, ...]:
        """Return all entries; empty when there is no log."""
        if local := self.logs.get(generation_id):
            return tuple(local.entries)
        self.outage.check()
        return await self.reader.all(generation_id)
