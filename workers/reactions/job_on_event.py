"""A handler that makes a job of each event of one type."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.job_rows import add_jobs
from domain.audit.registry import EVENT_TYPES
from domain.shared.jobs import Job, JobRequest, new_job
from workers.handler import Occurrence


@dataclass(frozen=True, slots=True)
class JobOnEvent:
    """Queues the job `job` for the `user_id` of each event of type `on`; a key keeps it from a second one."""

    name: str
    on: str
    job: str
    wants_personal: bool = False

    @property
    def aggregates(self) -> frozenset[str]:
        """The kind of streams that have such events."""
        return frozenset({EVENT_TYPES[self.on].aggregate})

    def change(self, occurrence: Occurrence) -> Job | None:
        """Return the job that follows from the event, asked for when that happened."""
        event = occurrence.event()
        if event.type != self.on:
            return None
        user_id: str = event.to_dict()["user_id"]
        key = f"{self.name}:{occurrence.stored.event_id}"
        request = JobRequest(self.job, key, {"user_id": user_id}, UUID(user_id))
        return new_job(request, occurrence.stored.occurred_at)

    async def write(self, connection: AsyncConnection, changes: Sequence[Job]) -> None:
        """Queue the jobs."""
        await add_jobs(connection, changes)
