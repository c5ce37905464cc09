"""Stopping a production from outside, in the middle of whatever it waits for."""

import asyncio
from collections.abc import Coroutine
from enum import Enum, auto
from typing import Any, TypeVar

from domain.shared.tasks import running_task

_Result = TypeVar("_Result")


class Reason(Enum):
    """Why a production stops before its model has."""

    CANCELLED = auto()
    """Its learner wants no more of it."""
    LEASE_LOST = auto()
    """Another producer has the generation, or it has ended."""


class Interruption:
    """The wish that one production stops: it may come at any time, and is obeyed while `guard` runs.

    What runs is cancelled in its own task; a second task for it would cost each reply a kilobyte.
    """

    __slots__ = ("_task", "reason")

    def __init__(self) -> None:
        self.reason: Reason | None = None
        """The first one that was given."""
        self._task: asyncio.Task[Any] | None = None

    def ask(self, reason: Reason) -> None:
        """Stop what runs within `guard`, or will. Not to be called by what runs there."""
        if self.reason is None:
            self.reason = reason
            if self._task is not None:
                self._task.cancel()

    async def guard(self, work: Coroutine[Any, Any, _Result]) -> _Result | None:
        """Return what `work` returns; None when it was stopped, which it has answered to by then."""
        reason = self.reason
        if reason is not None:
            work.close()
            return None
        task = running_task()
        cancelling, self._task = task.cancelling(), task
        try:
            result = await work
        except (asyncio.CancelledError, Exception):
            if self.reason is None or task.uncancel() > cancelling:
                raise  # its own failure, or the process stops at the same moment
            return None
        else:
            if self.reason is not None:
                task.uncancel()  # it had ended, or did not mind
            return result
        finally:
            self._task = None
