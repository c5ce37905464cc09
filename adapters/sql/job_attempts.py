"""What a worker writes about the job it runs: it has it by a lease, and writes as one attempt of many."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, bindparam, func, literal, select, update

from adapters.failpoints import reach
from adapters.security.master_keys import MasterKeys
from adapters.sql.engine import Connections
from adapters.sql.job_rows import end_attempt, is_attempt, job_of
from adapters.sql.tables.background import job as table
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.shared.clock import Clock
from domain.shared.job_context import JobLost
from domain.shared.job_ends import succeeded
from domain.shared.jobs import Job, Progress

_NOW = func.clock_timestamp()
# One clock for all leases: the database's.
_UNTIL = _NOW + bindparam("lease", type_=Interval())
_CLAIM = (
    update(table)
    .where(table.c.id == bindparam("job_id"), table.c.state == "queued", table.c.due_at <= _NOW)
    .values(state="running", attempts=table.c.attempts + 1, lease_until=_UNTIL, progress=None, updated_at=_NOW)
    .returning(table)
)


class JobAttempts:
    """Claims jobs and keeps them. Every method raises Unavailable."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def claim(self, job_id: UUID, lease: timedelta) -> Job | None:
        """Take the job for its next attempt; None when it is not due, runs, or has ended."""
        async with self._connections.reading() as connection:
            row = (await connection.execute(_CLAIM, {"job_id": job_id, "lease": lease})).mappings().first()
        return None if row is None else job_of(row)

    async def renew(self, job: Job, lease: timedelta) -> bool:
        """Hold the lease; return whether somebody wants the job cancelled. Raises JobLost."""
        return await self._write(job, {"lease_until": _NOW + literal(lease, Interval())})

    async def show(self, job: Job, progress: Progress) -> bool:
        """Write how far it is; return whether somebody wants it cancelled. Raises JobLost."""
        return await self._write(job, {"progress": asdict(progress), "updated_at": _NOW})

    async def end(self, job: Job, after: Job) -> bool:
        """Write what has become of it; False when this attempt is no longer the one that runs."""
        async with self._connections.transaction() as connection:
            written = await end_attempt(connection, job, after)
            await connection.commit()
        return written

    async def _write(self, job: Job, values: Mapping[str, Any]) -> bool:
        statement = update(table).where(is_attempt(job)).values(values).returning(table.c.cancel_requested_at)
        async with self._connections.reading() as connection:
            row = (await connection.execute(statement)).first()
        if row is None:
            raise JobLost
        return row.cancel_requested_at is not None


class SqlJobWork(SqlUnitOfWork):
    """A transaction of one attempt. See domain.shared.job_context."""

    def __init__(
        self,
        connections: Connections,
        clock: Clock,
        master: MasterKeys,
        job: Job,
        on_finish: Callable[[], None],
    ) -> None:
        super().__init__(connections, clock, master)
        self._job = job
        self._on_finish = on_finish

    async def commit(self, result: object = None) -> None:
        """Commit, unless the attempt is no longer the one that runs: then raise JobLost."""
        # Shared, so that nobody takes the job back before this transaction has ended.
        held = select(table.c.id).where(is_attempt(self._job)).with_for_update(read=True)
        if (await self._connection.execute(held)).first() is None:
            raise JobLost
        await super().commit(result)

    async def finish(self, result: Mapping[str, Any] | None = None) -> None:
        """Commit, with the job's end. Raises JobLost."""
        await reach("job.before_finish")
        ended = succeeded(self._job, result, self._clock())
        if not await end_attempt(self._connection, self._job, ended):
            raise JobLost
        await super().commit()
        self._on_finish()
        await reach("job.after_finish")
