"""One reader's queue: what was delivered since it last looked at the log."""

import asyncio
from uuid import UUID

from domain.practice.reply import LogEntry

QUEUE = 256
"""Entries kept for a slow reader, some ten seconds of a reply. One that falls behind further reads the log itself."""


class Subscription:
    """A bounded queue that never blocks who delivers.

    It is empty most of the time, and there is one a stream: so it is a list, where a deque begins with room for 64.
    """

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
        self._wake()

    def clear(self) -> None:
        """Drop what was delivered. Call it BEFORE the log is read: what comes meanwhile is then kept."""
        self._queue.clear()
        self._overflowed = False

    async def next(self, silence: float) -> LogEntry | None:
        """Return the next entry; None when the log must be read, after an overflow or `silence` seconds of nothing."""
        if not self._queue and not self._overflowed:
            await self._arrival(silence)
        return self._queue.pop(0) if self._queue else None

    async def _arrival(self, silence: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = loop.call_later(silence, self._wake)  # a fifth of asyncio.timeout's cost
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
