"""The calls that run in a process, and their deadlines."""

import asyncio
import math
import time

from server.interruption import DeadlineExceeded, Interruptible

STALL_LOOK_SECONDS = 5.0
"""Between two looks for readers that have stopped reading."""


class Running:
    """Ends every call at its deadline, and every stream that is no longer read, with one timer for all of each.

    A timer of its own costs a call 3 µs, and hardly any goes off: nearly every call ends long before its deadline. This
    one is set for the earliest deadline there was, and looks at all that run when it goes off.
    """

    def __init__(self) -> None:
        self.calls: set[Interruptible] = set()
        self._next = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None

    def add(self, call: Interruptible) -> None:
        """Take note that a call has begun."""
        self.calls.add(call)
        if call.deadline < self._next:
            self._set(call.deadline)
        if call.is_stream and self._looking is None:
            self._look_later()

    def discard(self, call: Interruptible) -> None:
        """Take note that it has ended."""
        self.calls.discard(call)

    def _set(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = deadline
        self._timer = asyncio.get_running_loop().call_later(max(0.0, deadline - time.monotonic()), self._expire)

    def _expire(self) -> None:
        now = time.monotonic()
        self._next, self._timer = math.inf, None
        for call in [call for call in self.calls if call.deadline <= now]:
            call.interrupt(DeadlineExceeded())
        coming = min((call.deadline for call in self.calls if call.deadline > now), default=math.inf)
        if coming < math.inf:
            self._set(coming)

    def _look_later(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(STALL_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        now, streams = time.monotonic(), [call for call in self.calls if call.is_stream]
        for call in streams:
            call.cut_if_stalled(now)
        self._looking = None
        if streams:
            self._look_later()
