"""One reader's queue: what was delivered since it last looked at the log."""

import asyncio
from collections import deque
from uuid import UUID

from domain.practice.reply import LogEntry

QUEUE = 256
"""Entries kept for a slow reader, some ten seconds of a reply. One that falls behind further reads the log itself."""


class Subscription:
    """A bounded queue that never blocks who delivers."""

    def __init__(self, generation_id: UUID) -> None:
        self.generation_id = generation_id
        self._queue: deque[LogEntry] = deque()
        self._overflowed = False
        self._arrived = asyncio.Event()

    def put(self, entry: LogEntry) -> None:
        """Deliver an entry. When the queue is full, all of it is dropped: the log has it."""
        if self._overflowed:
            return
        if len(self._queue) >= QUEUE:
            self._queue.clear()
            self._overflowed = True
        else:
            self._queue.append(entry)
        self._arrived.set()

    def clear(self) -> None:
        """Drop what was delivered. Call it BEFORE the log is read: what comes meanwhile is then kept."""
        self._queue.clear()
        self._overflowed = False

    async def next(self, silence: float) -> LogEntry | None:
        """Return the next entry; None when the log must be read, after an overflow or `silence` seconds of nothing."""
        if not self._queue and not self._overflowed:
            await self._arrival(silence)
        return self._queue.popleft() if self._queue else None

    async def _arrival(self, silence: float) -> None:
        self._arrived.clear()
        timer = asyncio.get_running_loop().call_later(silence, self._arrived.set)  # a fifth of asyncio.timeout's cost
        try:
            await self._arrived.wait()
        finally:
            timer.cancel()
