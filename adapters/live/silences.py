"""Readers that wait too long for an entry, with one timer for all of them."""

import asyncio
from itertools import takewhile
from typing import Protocol

_LOOKS = 4
"""Looks during a silence: so much of it later than it is over may one be noticed."""


class Waiter(Protocol):
    """Who waits for an entry."""

    def wake(self) -> None:
        """Wait no longer."""


class Silences:
    """Wakes those who have waited for `seconds`. One for all readers of a process.

    A timer of its own would be set anew for each token of each reader.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[Waiter, float] = {}
        """Since when each waits, the longest first."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, waiter: Waiter) -> None:
        """Wake it once the silence has lasted, unless that ends before."""
        loop = asyncio.get_running_loop()
        self._waiting[waiter] = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds / _LOOKS, self._look)

    def end(self, waiter: Waiter) -> None:
        """Take note that something has come."""
        self._waiting.pop(waiter, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        latest = loop.time() - self._seconds
        for waiter, _ in list(takewhile(lambda each: each[1] <= latest, self._waiting.items())):
            self.end(waiter)
            waiter.wake()
        self._timer = loop.call_later(self._seconds / _LOOKS, self._look) if self._waiting else None
