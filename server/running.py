"""The calls that run in a process, and their deadlines."""

import asyncio
import math
import time

from server.interruption import DeadlineExceeded, Interruptible


class Running:
    """Ends every call at its deadline, with one timer for all of them.

    A timer of its own costs a call 3 µs, and hardly any goes off: nearly every call ends long before its deadline. This
    one is set for the earliest deadline there was, and looks at all that run when it goes off.
    """

    def __init__(self) -> None:
        self.calls: set[Interruptible] = set()
        self._next = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, call: Interruptible) -> None:
        """Take note that a call has begun."""
        self.calls.add(call)
        if call.deadline < self._next:
            self._set(call.deadline)

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
