"""Jobs in memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from domain.shared.clock import Clock, system_clock
from domain.shared.job_context import JobLost
from domain.shared.job_ends import begun_anew, cancel_requested, succeeded
from domain.shared.jobs import Job, JobRequest, Progress, new_job


class FakeJobs:
    """Implements `domain.shared.jobs.Jobs` over a dict."""

    def __init__(self, jobs: dict) -> None:
        self._jobs = jobs

    async def get(self, job_id, user_id):
        job = self._jobs.get(job_id)
        return job if job is not None and user_id in {None, job.user_id} else None

    async def of_user(self, user_id, before, limit):
        found = [job for job in self._jobs.values() if user_id in {None, job.user_id}]
        found.sort(key=lambda job: (job.created_at, job.id), reverse=True)
        if before is not None:
            found = [job for job in found if (job.created_at, job.id) < (before.created_at, before.id)]
        return found[:limit]

    async def request_cancel(self, job_id, user_id, now):
        return await self._change(job_id, user_id, lambda job: cancel_requested(job, now))

    async def retry(self, job_id, now):
        return await self._change(job_id, None, lambda job: begun_anew(job, now))

    async def _change(self, job_id, user_id, change: Callable[[Job], Job]):
        job = await self.get(job_id, user_id)
        if job is not None:
            job = self._jobs[job_id] = change(job)
        return job


class FakeJobStore:
    """Jobs that are kept, and those of the transaction under way."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self.kept: dict[Any, Job] = {}
        self.clock = clock

    @asynccontextmanager
    async def work(self) -> AsyncIterator["FakeJobWork"]:
        yield FakeJobWork(self)

    @asynccontextmanager
    async def reads(self) -> AsyncIterator["FakeJobWork"]:
        yield FakeJobWork(self)


class FakeJobWork:
    """A transaction over the store."""

    def __init__(self, store: FakeJobStore) -> None:
        self._store = store
        self._changed = dict(store.kept)
        self.jobs = FakeJobs(self._changed)

    def enqueue(self, request: JobRequest) -> Job:
        job = new_job(request, self._store.clock())
        if all(each.key != job.key for each in self._changed.values()):
            self._changed[job.id] = job
        return job

    async def commit(self, result: object = None) -> None:
        self._store.kept = dict(self._changed)


class FakeJobContext:
    """Implements `domain.shared.job_context.JobContext` around a unit of work of the test's."""

    def __init__(self, job: Job, work: Callable[[], Any]) -> None:
        self.job, self._work, self.cancelled = job, work, False
        self.shown: list[Progress] = []
        self.ended: Job | None = None

    def work(self) -> Any:
        work = self._work()
        work.finish = lambda result=None: self._finish(work, result)
        return work

    async def progress(self, done: int, total: int, text: str = "") -> None:
        self.shown.append(Progress(done, total, text))

    async def _finish(self, work: Any, result: Any) -> None:
        if self.ended is not None:
            raise JobLost
        await work.commit()
        self.ended = succeeded(self.job, result, system_clock())
