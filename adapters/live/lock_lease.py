"""The time for which a lock is ours, and what ends with it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from adapters.live.connection import FAULTS
from domain.shared.tasks import running_task

_EXTENSIONS = 4
"""Parts of a lock's time, after each of which it is extended: two extensions that follow one another may fail."""
_DRIFT = 0.02
"""What is taken off its time for a server whose clock runs faster than ours; real ones differ by a hundredth of it."""


class Lease:
    """A block that is cancelled when the lock is lost; `lost` tells so afterwards, and the cancellation is swallowed.

    `extend` asks for more time and returns whether the lock is still ours. Like `asyncio.timeout`, a lease leaves a
    cancellation from outside as it is.
    """

    def __init__(self, until: float, ttl: float, extend: Callable[[], Awaitable[bool]]) -> None:
        """Take until when, by the loop's clock, the lock is ours, and for how many seconds each extension is good."""
        self.lost = False
        self._until = until
        self._ttl = ttl
        self._extend = extend
        self._loop = asyncio.get_running_loop()
        self._work: asyncio.Task[object] | None = None
        self._cancellations = 0
        self._ended = False

    async def __aenter__(self) -> Self:
        self._work = running_task()
        self._cancellations = self._work.cancelling()
        self._alarm = self._loop.call_at(self._deadline, self._lose)
        self._keeper = asyncio.create_task(self._keep(), name="lock")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._ended = True
        self._alarm.cancel()
        self._keeper.cancel()
        if not self.lost or self._work is None:
            return False
        return self._work.uncancel() <= self._cancellations and kind is asyncio.CancelledError

    @property
    def _deadline(self) -> float:
        return self._until - self._ttl * _DRIFT

    def _lose(self) -> None:
        if self.lost or self._ended or self._work is None:
            return
        self.lost = True
        self._work.cancel()

    async def _keep(self) -> None:
        """Extend the lock until it is lost. A server that is away is asked again until the time is over."""
        while not self.lost:
            await asyncio.sleep(self._ttl / _EXTENSIONS)
            asked_at = self._loop.time()
            with suppress(*FAULTS):
                async with asyncio.timeout_at(min(asked_at + self._ttl / _EXTENSIONS, self._deadline)):
                    if not await self._extend():
                        self._lose()
                        return
                self._until = asked_at + self._ttl
                self._alarm.cancel()
                self._alarm = self._loop.call_at(self._deadline, self._lose)
