"""Jobs: how long one waits, how many a worker runs, and what it costs to claim one."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters.sql.job_attempts import JobAttempts

from .figures import median, percentile
from .job_store import JobsFailed, JobStore, at_work, job_store
from .plan import Plan
from .table import Table, number

NOTE = """\
On all cores, over engines of their own: the dispatcher in this process, and Celery's worker with one process, which
runs a job that does nothing but tell the time. Enqueue to start: from the return of the commit to the task's first
line, one job after the other. Jobs/s: from the commit of {backlog} jobs at once to the end of the last. Claim: the
transaction by which a worker takes a job, one after the other."""

_LONGEST_SECONDS = 180.0
_LEASE = timedelta(seconds=15)
_BACKLOG = 20  # the part of `calls` that waits at once


@dataclass(frozen=True, slots=True)
class Worked:
    """What was measured: seconds from enqueuing to the start, jobs per second round by round, seconds of claims."""

    waits: Sequence[float]
    rates: Sequence[float]
    claims: Sequence[float]
    backlog: int


async def work(plan: Plan, folder: Path) -> Worked:
    """Measure everything. Raises EnginesFailed, JobsFailed, and TimeoutError when a job does not end."""
    backlog = plan.calls // _BACKLOG
    async with asyncio.timeout(_LONGEST_SECONDS), job_store(folder) as (jobs, store):
        claims = await _claims(jobs, plan.messages)
        async with at_work(store, folder):
            await _wait(jobs)  # until the worker is up
            waits = [await _wait(jobs) for _ in range(plan.messages)]
            rates = [await _rate(jobs, backlog) for _ in range(plan.rounds)]
    return Worked(waits, rates, claims, backlog)


async def _claims(store: JobStore, count: int) -> list[float]:
    """Return the seconds of each claim; nobody else is there to claim them."""
    attempts = JobAttempts(store.connections)
    took = []
    for job in await store.enqueue(count):
        began = time.perf_counter()
        claimed = await attempts.claim(job.id, _LEASE)
        took.append(time.perf_counter() - began)
        if claimed is None:
            raise JobsFailed("a job that was due could not be claimed")
    await store.clear()
    return took


async def _wait(store: JobStore) -> float:
    """Return the seconds from a commit to the start of its job."""
    (job,) = await store.enqueue(1)
    committed = time.time()
    await store.all_ended(1)
    began = await store.began(job)
    await store.clear()
    return began - committed


async def _rate(store: JobStore, count: int) -> float:
    await store.enqueue(count)
    committed = time.time()
    last = await store.all_ended(count)
    await store.clear()
    return count / (last.timestamp() - committed)


def jobs_table(measured: Worked) -> Table:
    """Return what was measured."""
    times = {"enqueue to start, idle": measured.waits, "claim": measured.claims}
    rows = [
        (f"{name}, p{percent} ms", number(percentile(seconds, percent) * 1000, 1))
        for name, seconds in times.items()
        for percent in (50, 99)
    ]
    rows.append(("jobs/s, one worker process", number(median(measured.rates))))
    return Table("Jobs", ("", "measured"), tuple(rows), NOTE.format(backlog=measured.backlog))
