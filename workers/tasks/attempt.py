"""One attempt at a job: what its task is given."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from adapters.job_services import JobServices
from adapters.sql.job_attempts import JobAttempts, SqlJobWork
from domain.shared.jobs import Job, Progress


class Stop(Enum):
    """Why an attempt was broken off."""

    CANCELLED = auto()
    LOST = auto()
    TIMED_OUT = auto()
    PROCESS_STOPS = auto()


class Attempt:
    """Implements `domain.shared.job_context.JobContext`; `services` has what else tasks use."""

    def __init__(self, job: Job, services: JobServices, attempts: JobAttempts) -> None:
        self._job = job
        self._attempts = attempts
        self.services = services
        self.stopped: Stop | None = None
        self.has_finished = False
        """Whether its task has written the job's end itself."""
        self._on_stop: Callable[[], object] = lambda: None

    @property
    def job(self) -> Job:
        """The job as it was when this attempt began."""
        return self._job

    @property
    def cancelled(self) -> bool:
        """Whether somebody wants it cancelled."""
        return self.stopped is Stop.CANCELLED

    def work(self) -> SqlJobWork:
        """Begin a unit of work of this attempt."""
        services = self.services
        return SqlJobWork(services.connections, services.clock, services.master, self._job, self._note_end)

    async def progress(self, done: int, total: int, text: str = "") -> None:
        """Show how far it is. Raises JobLost."""
        if await self._attempts.show(self._job, Progress(done, total, text)):
            self.stop(Stop.CANCELLED)
            await asyncio.sleep(0)  # the cancelled coroutine goes no further

    def _note_end(self) -> None:
        self.has_finished = True

    def begin(self, body: "asyncio.Task[Any]") -> None:
        """Take note of the coroutine that is cancelled when the attempt is broken off."""
        self._on_stop = body.cancel
        if self.stopped is not None:
            body.cancel()

    def stop(self, why: Stop) -> None:
        """Break it off; the first reason counts."""
        if self.stopped is None:
            self.stopped = why
            self._on_stop()
