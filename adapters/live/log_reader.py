"""Plain reads of the logs."""

from dataclasses import dataclass
from typing import TypeAlias, cast
from uuid import UUID

from redis.asyncio import Redis

from adapters.live.connection import log_answers
from adapters.live.entries import decode, entry_id
from adapters.live.keys import log_key
from domain.practice.reply import LogEntry, Position, Reset, Snapshot

BEGINNING = Position(1, 0)
"""The position before every entry."""
PAGE = 256
"""Entries in one read: some 20 KB of a reply, so that a long log does not hold up the server's other clients."""

_Rows: TypeAlias = list[tuple[bytes, dict[bytes, bytes]]]


@dataclass(frozen=True, slots=True)
class LogReader:
    """Reads logs as they are now. Every method raises LogUnavailable."""

    redis: Redis

    async def page(self, generation_id: UUID, after: Position) -> list[LogEntry]:
        """Return the entries after `after`, PAGE at most: fewer mean that there are no more."""
        return await self._range(generation_id, f"({entry_id(after)}", PAGE)

    async def all(self, generation_id: UUID) -> tuple[LogEntry, ...]:
        """Return all entries; empty when there is no log."""
        entries = page = await self.page(generation_id, BEGINNING)
        while len(page) == PAGE:
            page = await self.page(generation_id, page[-1].position)
            entries += page
        return tuple(entries)

    async def top(self, generation_id: UUID) -> LogEntry | None:
        """Return the newest entry, None when there is no log."""
        async with log_answers():
            rows = cast("_Rows", await self.redis.xrevrange(log_key(generation_id), count=1))
        return decode(*rows[0]) if rows else None

    async def exists(self, generation_id: UUID) -> bool:
        """Return whether there is a log."""
        async with log_answers():
            return bool(await self.redis.exists(log_key(generation_id)))

    async def holds(self, generation_id: UUID, position: Position) -> bool | None:
        """Return whether a reader can go on after `position`; None when there is no log."""
        rows = await self._range(generation_id, entry_id(position), 1)
        if rows:
            return rows[0].position == position or isinstance(rows[0].event, Snapshot | Reset)
        return False if await self.exists(generation_id) else None

    async def _range(self, generation_id: UUID, start: str, count: int) -> list[LogEntry]:
        async with log_answers():
            rows = cast("_Rows", await self.redis.xrange(log_key(generation_id), min=start, count=count))
        return [decode(*row) for row in rows]
