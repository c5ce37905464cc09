"""Running a job: claim its row, hold the lease, run its task, and write what became of it."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

from adapters.failpoints import reach
from adapters.job_services import JobServices
from adapters.sql.job_attempts import JobAttempts
from domain.shared import job_ends
from domain.shared.errors import Unavailable
from domain.shared.job_context import JobLost
from domain.shared.jobs import Job, JobState
from domain.shared.origin import Origin, current_origin
from workers.tasks.attempt import Attempt, Stop
from workers.tasks.outcomes import BAD_ARGUMENTS, UNEXPECTED, UNKNOWN_TASK, Judge
from workers.tasks.task import BadArguments, Task

ACTOR = "system:jobs"

Result: TypeAlias = Mapping[str, Any] | None

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """How long a worker has a job without a word of it, and how often it says one; in seconds."""

    lease: float = 15.0
    renew: float = 5.0
    """A third of the lease: two renewals may fail."""
    unwind: float = 5.0
    """What a cancelled coroutine gets for its `finally`."""
    write: float = 60.0
    """How long to try to write an outcome while the database is away; then the lease decides."""


@dataclass(slots=True)
class JobTask:
    """Runs jobs by their id, one after the other or several at once on one loop."""

    services: JobServices
    tasks: Mapping[str, Task]
    stopping: asyncio.Event
    """Set when the process has to stop: what runs then is given back."""
    times: LeaseTimes = field(default_factory=LeaseTimes)
    judge: Judge = field(default_factory=Judge)
    running: set[UUID] = field(default_factory=set)

    async def __call__(self, job_id: UUID) -> None:
        """Run the job's next attempt, unless it is not due, runs elsewhere, or has ended. Raises Unavailable."""
        attempts = JobAttempts(self.services.connections)
        job = await attempts.claim(job_id, self._lease)
        if job is None:
            return
        current_origin.set(Origin(correlation_id=job.correlation_id, actor=ACTOR))
        self.running.add(job_id)
        try:
            await reach("job.after_claim")
            await self._run(job, attempts)
        finally:
            self.running.discard(job_id)

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self.times.lease)

    async def _run(self, job: Job, attempts: JobAttempts) -> None:
        task = self.tasks.get(job.name)
        if task is None:
            return await self._refuse(job, attempts, UNKNOWN_TASK, f"This version knows no task {job.name}.")
        try:
            arguments = task.parse(job.arguments)
        except BadArguments as error:
            return await self._refuse(job, attempts, BAD_ARGUMENTS, str(error))
        attempt = Attempt(job, self.services, attempts)
        async with self._held(attempt, attempts):
            after = await self._attempt(attempt, task, arguments)
            if after is not None:
                await self._write(job, after, attempts)
        return None

    async def _refuse(self, job: Job, attempts: JobAttempts, reason: str, error: str) -> None:
        await self._write(job, job_ends.failed_and_over(job, reason, error, self.services.clock()), attempts)

    async def _attempt(self, attempt: Attempt, task: Task, arguments: dict[str, Any]) -> Job | None:
        """Return what the job is to be after the attempt; None when that is not for us to say."""
        body = asyncio.create_task(_run_body(task, attempt, arguments))
        attempt.begin(body)
        await asyncio.wait({body}, timeout=task.policy.seconds)
        if not body.done():
            attempt.stop(attempt.stopped or Stop.TIMED_OUT)
            await asyncio.wait({body}, timeout=self.times.unwind)
        return None if attempt.has_finished else self._judged(attempt, task, body)

    def _judged(self, attempt: Attempt, task: Task, body: "asyncio.Task[Result]") -> Job | None:
        job, now = attempt.job, self.services.clock()
        if body.done() and not body.cancelled():
            error = body.exception()
            if error is None:
                return job_ends.succeeded(job, body.result(), now)
            if isinstance(error, JobLost):
                return None
            if attempt.stopped is None:
                return self._after(job, error, task)
        return self._stopped(attempt, task)

    def _after(self, job: Job, error: BaseException, task: Task) -> Job:
        after = self.judge.error(job, error, task.policy, self.services.clock())
        if after.failure_reason == UNEXPECTED:
            # Where it happened, and not the error's own words: these may be somebody's.
            trace = "".join(traceback.format_tb(error.__traceback__))
            _log.error("Job %s (%s) failed with %s:\n%s", job.id, job.name, type(error).__name__, trace)
        return after

    def _stopped(self, attempt: Attempt, task: Task) -> Job | None:
        job, now = attempt.job, self.services.clock()
        match attempt.stopped:
            case Stop.LOST:
                return None
            case Stop.CANCELLED:
                return job_ends.cancelled(job, now)
            case Stop.PROCESS_STOPS:
                return job_ends.given_back(job, now)
            case Stop.TIMED_OUT:
                return self.judge.timed_out(job, task.policy, now)
            case None:  # it cancelled itself
                return self._after(job, asyncio.CancelledError(), task)

    @asynccontextmanager
    async def _held(self, attempt: Attempt, attempts: JobAttempts) -> AsyncIterator[None]:
        if attempt.job.cancel_requested_at is not None:
            attempt.stopped = Stop.CANCELLED
        keepers = [asyncio.create_task(self._renew(attempt, attempts)), asyncio.create_task(self._heed(attempt))]
        try:
            yield
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.wait(keepers)

    async def _renew(self, attempt: Attempt, attempts: JobAttempts) -> None:
        while True:
            await asyncio.sleep(self.times.renew)
            try:
                if await attempts.renew(attempt.job, self._lease):
                    attempt.stop(Stop.CANCELLED)
            except JobLost:
                attempt.stop(Stop.LOST)
                return
            except Unavailable as error:
                _log.warning("The lease of job %s has to wait: %s", attempt.job.id, error)

    async def _heed(self, attempt: Attempt) -> None:
        await self.stopping.wait()
        attempt.stop(Stop.PROCESS_STOPS)

    async def _write(self, job: Job, after: Job, attempts: JobAttempts) -> None:
        """Write the outcome, unless this attempt is no longer the one that runs."""
        limit = asyncio.get_running_loop().time() + self.times.write
        while True:
            try:
                written = await attempts.end(job, after)
            except Unavailable:
                if asyncio.get_running_loop().time() > limit:
                    raise
                await asyncio.sleep(1)
            else:
                break
        if written:
            _tell(job, after)


async def _run_body(task: Task, attempt: Attempt, arguments: dict[str, Any]) -> Result:
    try:
        return await task.run(attempt, **arguments)
    except (SystemExit, KeyboardInterrupt) as error:
        raise RuntimeError("a task must not end its process") from error  # these two would end the loop


def _tell(job: Job, after: Job) -> None:
    """Log what did not end well: never its arguments."""
    if after.state is JobState.SUCCEEDED or after.failure_reason is None:
        return
    ended = after.finished_at != job.finished_at
    level = logging.WARNING if ended else logging.INFO
    what = "has ended" if ended else "is tried again"
    _log.log(level, "Job %s (%s) %s after attempt %d: %s", job.id, job.name, what, job.attempts, after.failure_reason)
