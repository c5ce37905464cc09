"""What becomes of a job: at its end, after a failure, after a crash of its worker, and when it is to be cancelled.

Each function returns the job as it is to be; who keeps it writes that only over the attempt it is about.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import floor
from typing import Any

from domain.shared.jobs import Job, JobState

MAX_CRASHES = 3
"""Workers that a job may take with it; then it is the job that is at fault."""
CRASHED = "CRASHED"
CANCELLED = "CANCELLED"


def succeeded(job: Job, result: Mapping[str, Any] | None, now: datetime) -> Job:
    """Return it as done."""
    return _ended(replace(job, result=result, failure_reason=None, error=None), JobState.SUCCEEDED, now)


def failed(job: Job, reason: str, error: str, now: datetime) -> Job:
    """Return it as failed for good; one that repeats is queued for its next run."""
    return _ended(replace(job, failure_reason=reason, error=error), JobState.FAILED, now)


def failed_and_over(job: Job, reason: str, error: str, now: datetime) -> Job:
    """Return it as failed for good, and never again, even if it repeats: no run of it can go any better."""
    return failed(replace(job, every=None), reason, error, now)


def cancelled(job: Job, now: datetime) -> Job:
    """Return it as cancelled; one that repeats skips the run."""
    return _ended(replace(job, failure_reason=CANCELLED, error="It was cancelled."), JobState.CANCELLED, now)


def tried_again(job: Job, reason: str, error: str, wait: timedelta, now: datetime) -> Job:
    """Return it as queued for another attempt after a failure."""
    waiting = replace(job, failures=job.failures + 1, failure_reason=reason, error=error)
    return _queued(waiting, now + wait, now)


def given_back(job: Job, now: datetime) -> Job:
    """Return it as queued again at once, by a worker that has to stop: nobody failed."""
    return _queued(job, now, now)


def crashed(job: Job, now: datetime) -> Job:
    """Return what becomes of it after its worker let the lease lapse."""
    if job.cancel_requested_at is not None:
        return cancelled(job, now)
    counted = replace(job, crashes=job.crashes + 1)
    if counted.crashes >= MAX_CRASHES:
        return failed(counted, CRASHED, f"Its worker died {counted.crashes} times.", now)
    return _queued(replace(counted, failure_reason=CRASHED, error="Its worker died."), now, now)


def cancel_requested(job: Job, now: datetime) -> Job:
    """Return what becomes of a job that somebody wants cancelled.

    One that waits is cancelled; one that runs is told, and ends by itself; one that has ended stays as it is.
    """
    if job.state is JobState.QUEUED:
        return cancelled(replace(job, cancel_requested_at=now), now)
    if job.state is JobState.RUNNING and job.cancel_requested_at is None:
        return replace(job, cancel_requested_at=now, updated_at=now)
    return job


def begun_anew(job: Job, now: datetime) -> Job:
    """Return one that has failed or was cancelled as queued, by an operator's wish; any other as it is."""
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        return job
    fresh = replace(job, failures=0, crashes=0, progress=None, failure_reason=None, error=None, finished_at=None)
    return _queued(replace(fresh, cancel_requested_at=None), now, now)


def next_run(job: Job, every: timedelta, now: datetime) -> datetime:
    """Return the first of the times at which it repeats that lies after now and after the run that has just ended."""
    passed = (max(now, job.due_at) - job.starts_at) / every
    return job.starts_at + every * (floor(passed) + 1)


def _ended(job: Job, state: JobState, now: datetime) -> Job:
    ended = replace(job, state=state, finished_at=now, lease_until=None, sent_at=None, updated_at=now)
    if job.every is None:
        return ended
    fresh = replace(ended, failures=0, crashes=0, cancel_requested_at=None)
    return _queued(fresh, next_run(job, job.every, now), now)


def _queued(job: Job, due_at: datetime, now: datetime) -> Job:
    return replace(job, state=JobState.QUEUED, due_at=due_at, sent_at=None, lease_until=None, updated_at=now)
