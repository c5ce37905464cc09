"""The log of replies without a store: what the durable one is compared with."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from uuid import UUID

from domain.practice.log import Alive, RecoverText
from domain.practice.reply import LogEntry, Position, ReplyEvent


class _Lines:
    """One generation's entries, and who waits for more of them."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self.grown = asyncio.Event()

    def append(self, entry: LogEntry) -> None:
        self.entries.append(entry)
        self.grown.set()


class MemoryLog:
    """Implements GenerationLog within one process, as plainly as one can, for one reader a generation."""

    def __init__(self, _durable: object) -> None:
        self._logs: defaultdict[UUID, _Lines] = defaultdict(_Lines)

    async def start(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""

    async def ping(self) -> None:
        """Return: it is always there."""

    def writer(self, generation_id: UUID, attempt: int, _recover: RecoverText) -> "MemoryWriter":
        """Return the writer of an attempt."""
        return MemoryWriter(self._logs[generation_id], attempt)

    async def follow(
        self, generation_id: UUID, _after: Position | None, _alive: Alive
    ) -> AsyncGenerator[LogEntry, None]:
        """Yield all entries as they come."""
        log, read = self._logs[generation_id], 0
        while True:
            log.grown.clear()
            for entry in log.entries[read:]:
                read += 1
                yield entry
                if entry.is_last:
                    return
            if read == len(log.entries):
                await log.grown.wait()

    async def holds(self, _generation_id: UUID, _position: Position) -> bool | None:
        """Return that there is no log to go on in: nobody resumes."""
        return None

    async def read(self, generation_id: UUID) -> tuple[LogEntry, ...]:
        """Return all entries."""
        return tuple(self._logs[generation_id].entries)

    async def end(self, generation_id: UUID) -> None:
        """Forget it."""
        self._logs.pop(generation_id, None)


class MemoryWriter:
    """Implements GenerationWriter: an event is in the log when it is written."""

    def __init__(self, log: _Lines, attempt: int) -> None:
        self.last_sequence = 0
        self._log = log
        self._attempt = attempt

    async def write(self, event: ReplyEvent) -> None:
        """Take an event."""
        self.last_sequence += 1
        position = Position(self._attempt, self.last_sequence)
        self._log.append(LogEntry(position, self.last_sequence, event))

    async def flush(self) -> None:
        """Return: nothing is under way."""
