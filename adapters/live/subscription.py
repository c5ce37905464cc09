"""One reader's queue: what was delivered since it last looked at the log."""

import asyncio
from uuid import UUID

from adapters.live.silences import Silences
from domain.practice.reply import LogEntry

QUEUE = 256
"""Entries kept for a slow reader, some ten seconds of a reply. One that falls behind further reads the log itself."""


class Subscription:
    """A bounded queue that never blocks who delivers.

    It is empty most of the time, and there is one a stream: so it is a list, where a deque begins with room for 64.
    """

    __slots__ = ("_overflowed", "_queue", "_waiting", "generation_id")

    def __init__(self, generation_id: UUID) -> None:
        self.generation_id = generation_id
        self._queue: list[LogEntry] = []
        self._overflowed = False
        self._waiting: asyncio.Future[None] | None = None

    def put(self, entry: LogEntry) -> None:
        """Deliver an entry. When the queue is full, all of it is dropped: the log has it."""
        if self._overflowed:
            return
        if len(self._queue) >= QUEUE:
            self._queue.clear()
            self._overflowed = True
        else:
            self._queue.append(entry)
        self.wake()

    def clear(self) -> None:
        """Drop what was delivered. Call it BEFORE the log is read: what comes meanwhile is then kept."""
        self._queue.clear()
        self._overflowed = False

    def take(self) -> LogEntry | None:
        """Return the next entry, if one is there."""
        return self._queue.pop(0) if self._queue else None

    async def arrival(self, silences: Silences) -> LogEntry | None:
        """Wait, and return the next entry; None when the log must be read, after an overflow or a silence."""
        if not self._queue and not self._overflowed:
            self._waiting = asyncio.get_running_loop().create_future()
            silences.begin(self)
            try:
                await self._waiting
            finally:
                silences.end(self)
                self._waiting = None
        return self.take()

    def wake(self) -> None:
        """Have `arrival` return: something has come, or nothing for too long."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
