"""Jobs: what is slow or done outside, as rows with a state, progress and an end.

A use case asks for one with `work.enqueue`, in the transaction of what it changes. What a running job is given is in
`job_context`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID, uuid4

from domain.shared.origin import current_origin


class JobState(StrEnum):
    """Where a job is. The last three are ends, except for a job that repeats."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: `done` of `total` items, and a sentence for people."""

    done: int
    total: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job that is wanted.

    `name` is that of a task, `<area>.<verb>`; its area names the queue. Of all requests with one `key` the first
    counts. `arguments` are JSON values, small ones: they are stored, though never logged. `user_id` is whose job it is,
    None for one of our own. Without `due_at`, or with one in the past, it is due at once. With `every` it is queued
    again at each end, due at the next of the times that lie `every` apart and begin with `due_at`.
    """

    name: str
    key: str
    arguments: Mapping[str, Any]
    user_id: UUID | None = None
    due_at: datetime | None = None
    every: timedelta | None = None

    @property
    def queue(self) -> str:
        """The queue that it waits in."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is kept.

    `attempts` counts how often it was started; it never falls, and so tells one attempt's writes from another's.
    `failures` and `crashes` count those attempts of this run that failed, and whose worker died. `failure_reason` is a
    stable code and `error` a sentence without anybody's data; a queued job has those of the attempt before. A worker
    has it until `lease_until`, and longer as long as it renews that.
    """

    id: UUID
    key: str
    name: str
    queue: str
    arguments: Mapping[str, Any]
    user_id: UUID | None
    state: JobState
    attempts: int
    failures: int
    crashes: int
    starts_at: datetime
    due_at: datetime
    every: timedelta | None
    sent_at: datetime | None
    lease_until: datetime | None
    cancel_requested_at: datetime | None
    progress: Progress | None
    result: Mapping[str, Any] | None
    failure_reason: str | None
    error: str | None
    correlation_id: str
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in ENDED


def new_job(request: JobRequest, now: datetime) -> Job:
    """Return the job that is queued for a request."""
    due_at = request.due_at or now
    return Job(
        id=uuid4(),
        key=request.key,
        name=request.name,
        queue=request.queue,
        arguments=request.arguments,
        user_id=request.user_id,
        state=JobState.QUEUED,
        attempts=0,
        failures=0,
        crashes=0,
        starts_at=due_at,
        due_at=due_at,
        every=request.every,
        sent_at=None,
        lease_until=None,
        cancel_requested_at=None,
        progress=None,
        result=None,
        failure_reason=None,
        error=None,
        correlation_id=current_origin.get().correlation_id,
        created_at=now,
        updated_at=now,
        finished_at=None,
    )


@dataclass(frozen=True, slots=True)
class JobPlace:
    """A job's place in a list: by time of creation, then by id."""

    created_at: datetime
    id: UUID


class Jobs(Protocol):
    """All jobs. A `user_id` of None stands for everybody: for operators."""

    async def get(self, job_id: UUID, user_id: UUID | None) -> Job | None:
        """Return the user's job."""

    async def of_user(self, user_id: UUID | None, before: JobPlace | None, limit: int) -> Sequence[Job]:
        """Return up to `limit` of the user's jobs, the newest first, all older than `before`; None: than nothing."""

    async def request_cancel(self, job_id: UUID, user_id: UUID | None, now: datetime) -> Job | None:
        """Have the user's job cancelled, as `job_ends.cancel_requested` says, and return it as it is then.

        It is for a transaction, which has to be committed.
        """
