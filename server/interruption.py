"""Ending a call from outside: at its deadline, or because the server stops."""

import asyncio
import time

from domain.shared.errors import DomainError, Unavailable
from domain.shared.tasks import running_task
from server.call import Call

# A stream that is being interrupted while its reader takes nothing gets this long to take what was sent, in seconds.
# After it the connection is cut, since nothing can be said on it.
STALLED_READER_SECONDS = 10.0
# A reader of any other stream may take nothing for so long before its connection is cut; by its cursor it reads on.
LONGEST_STALL_SECONDS = 30.0


class DeadlineExceeded(Exception):
    """The time that the caller or the server's cap allows has passed."""


class ServerStopping(Unavailable):
    """The server is stopping; another one takes the call."""

    def __init__(self) -> None:
        super().__init__("The server is stopping. Try again.", retry_after=1.0)


Interruption = DeadlineExceeded | ServerStopping


class Interruptible:
    """One running call, which somebody else may end.

    A call is interrupted by cancelling its task while the handler runs in it. While a stream's message is on its way to
    the reader the task belongs to the door, so the interruption waits for the next step.
    """

    __slots__ = (
        "_cancelling",
        "_is_outside",
        "_left",
        "_reason",
        "_stalled",
        "_task",
        "_was_cancelled",
        "deadline",
        "is_stream",
    )

    def __init__(self, call: Call, *, is_stream: bool) -> None:
        self._task = running_task()
        self._cancelling = self._task.cancelling()
        self._reason: Interruption | None = None
        self._was_cancelled = False
        self._is_outside = is_stream  # until its first step
        self._left = time.monotonic()
        self._stalled: asyncio.TimerHandle | None = None
        self.deadline = call.deadline
        self.is_stream = is_stream

    def interrupt(self, reason: Interruption) -> None:
        """End the call with `reason`; the first reason counts."""
        if self._reason is not None:
            return
        self._reason = reason
        if self._is_outside:
            self._stalled = self._task.get_loop().call_later(STALLED_READER_SECONDS, self._task.cancel)
        else:
            self._was_cancelled = True
            self._task.cancel()

    def leave(self) -> None:
        """Take note that a message now goes to the reader."""
        self._is_outside = True
        self._left = time.monotonic()

    def cut_if_stalled(self, now: float) -> None:
        """End the call if its reader has had a message before it for too long; nothing can be said on it."""
        if self._is_outside and self._stalled is None and now - self._left >= LONGEST_STALL_SECONDS:
            self._task.cancel()

    def enter(self) -> None:
        """Take note that the handler goes on. Raises the interruption that came in between."""
        self._is_outside = False
        if self._reason is not None:
            raise self._reason

    def disarm(self) -> None:
        """Interrupt nothing any more; the task is the door's again."""
        if self._stalled is not None:
            self._stalled.cancel()
        if self._was_cancelled:  # and the handler answered all the same
            self._uncancel()

    def cause_of(self, error: BaseException) -> BaseException:
        """Return what ended the call: the interruption where `error` is only its trace, else `error` itself."""
        if self._reason is None:
            return self._unasked(error)
        if isinstance(error, DomainError | GeneratorExit):
            return error
        if self._was_cancelled and self._uncancel() > self._cancelling:
            return error  # the client left at the same moment: that cancellation must go on
        return self._reason

    def _unasked(self, error: BaseException) -> BaseException:
        """Tell a cancellation that nobody asked of this task: something it awaited was cancelled, a fault of ours."""
        if isinstance(error, asyncio.CancelledError) and self._task.cancelling() <= self._cancelling:
            fault = RuntimeError("what the handler waited for was cancelled")
            fault.__cause__ = error
            return fault
        return error

    def _uncancel(self) -> int:
        self._was_cancelled = False
        return self._task.uncancel()
