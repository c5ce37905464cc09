"""What a learner does with jobs."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from domain.jobs.errors import JobNotFound
from domain.jobs.places import parse_job_id, parse_place, place_text
from domain.shared.clock import Clock
from domain.shared.job_context import JobRepositories, JobsWork
from domain.shared.jobs import Job
from domain.shared.pages import Page, PageRequest

JobReads: TypeAlias = Callable[[], AbstractAsyncContextManager[JobRepositories]]
"""Gives repositories whose statements stand alone."""

LOOK_EVERY = 0.25
"""Seconds between two looks at a job that is watched: by half a second a change is to be seen."""


@dataclass(frozen=True, slots=True)
class GetJob:
    """Read one job of the learner."""

    reads: JobReads

    async def __call__(self, user_id: UUID, job_id: str) -> Job:
        """Return it. Raises JobNotFound."""
        key = parse_job_id(job_id)
        async with self.reads() as repositories:
            job = await repositories.jobs.get(key, user_id)
        if job is None:
            raise JobNotFound(job_id)
        return job


@dataclass(frozen=True, slots=True)
class ListJobs:
    """List the learner's jobs."""

    reads: JobReads

    async def __call__(self, user_id: UUID, request: PageRequest) -> Page[Job]:
        """Return a page, the newest first. Raises InvalidRequest."""
        before = parse_place(request.after)
        async with self.reads() as repositories:
            # One more than asked for tells whether there is another page.
            found = await repositories.jobs.of_user(user_id, before, request.size + 1)
        items = tuple(found[: request.size])
        return Page(items, place_text(items[-1]) if len(found) > request.size else None)


@dataclass(frozen=True, slots=True)
class WatchJob:
    """Follow a job to its end, by looking at it again and again: its row is the truth, whoever works on it."""

    reads: JobReads
    look_every: float = LOOK_EVERY

    async def __call__(self, user_id: UUID, job_id: str) -> AsyncGenerator[Job, None]:
        """Give the job as it is now, then each time it has changed; the last one has ended. Raises JobNotFound."""
        get = GetJob(self.reads)
        job = await get(user_id, job_id)
        yield job
        while not job.has_ended:
            await asyncio.sleep(self.look_every)
            before, job = job, await get(user_id, job_id)
            if _shown(job) != _shown(before):
                yield job


def _shown(job: Job) -> tuple[Any, ...]:
    """Return what a watcher sees of it: that a worker renews its lease is no news."""
    return job.state, job.attempts, job.progress, job.cancel_requested_at


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Have a job cancelled. One that has ended stays as it is."""

    uow: Callable[[], JobsWork]
    clock: Clock

    async def __call__(self, user_id: UUID, job_id: str) -> Job:
        """Return the job as it is then. Raises JobNotFound."""
        key = parse_job_id(job_id)
        async with self.uow() as work:
            job = await work.jobs.request_cancel(key, user_id, self.clock())
            if job is None:
                raise JobNotFound(job_id)
            await work.commit(job)
        return job
