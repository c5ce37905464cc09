"""The queue as the dispatcher sees it: what is due, what was sent in vain, and whose worker is gone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Interval, bindparam, func, select, update

from adapters.sql.engine import Connections
from adapters.sql.job_rows import add_jobs, job_of, save_jobs
from adapters.sql.tables.background import job as table
from domain.shared.job_ends import begun_anew, crashed
from domain.shared.jobs import Job, JobRequest, new_job

_NOW = func.clock_timestamp()
_QUEUED = table.c.state == "queued"
_SENT = table.c.sent_at.is_not(None)

_DUE = (
    select(table.c.id)
    .where(_QUEUED, ~_SENT, table.c.due_at <= _NOW)
    .order_by(table.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_SEND = update(table).where(table.c.id.in_(_DUE.scalar_subquery())).values(sent_at=_NOW).returning(table)
_COUNT_SENT = select(func.count()).where(_QUEUED, _SENT)
_FORGET = (
    update(table)
    .where(_QUEUED, _SENT, table.c.sent_at < _NOW - bindparam("age", type_=Interval()))
    .values(sent_at=None)
    .returning(table.c.id)
)
_UNSEND = (
    update(table)
    .where(_QUEUED, table.c.id == bindparam("job_id"), table.c.sent_at == bindparam("then"))
    .values(sent_at=None)
)
_LAPSED = (
    select(table)
    .where(table.c.state == "running", table.c.lease_until < _NOW)
    .order_by(table.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_OF_KEYS = select(table).where(table.c.key.in_(bindparam("keys", expanding=True))).with_for_update()


class JobQueue:
    """Any number of dispatchers work on it: each row is taken by one of them. Every method raises Unavailable."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def take_due(self, limit: int, in_flight: int) -> Sequence[Job]:
        """Mark up to `limit` due jobs as sent and return them, the longest due first.

        There are at most about `in_flight` that are sent and not begun: each of them may have to be sent again.
        """
        async with self._connections.reading() as connection:
            free = in_flight - int((await connection.execute(_COUNT_SENT)).scalar_one())
            if free <= 0:
                return []
            rows = await connection.execute(_SEND, {"limit": min(limit, free)})
            return sorted((job_of(row) for row in rows.mappings()), key=lambda job: job.due_at)

    async def unsend(self, jobs: Sequence[Job]) -> None:
        """Take back that these were sent."""
        async with self._connections.transaction() as connection:
            await connection.execute(_UNSEND, [{"job_id": job.id, "then": job.sent_at} for job in jobs])
            await connection.commit()

    async def forget_sends(self, age: timedelta) -> int:
        """Have those sent again that were sent so long ago and not begun; return how many there are."""
        async with self._connections.reading() as connection:
            return len((await connection.execute(_FORGET, {"age": age})).all())

    async def take_back(self, limit: int, now: datetime) -> Sequence[Job]:
        """Decide about up to `limit` jobs whose worker let the lease lapse; return them as they are then."""
        async with self._connections.transaction() as connection:
            lapsed = [job_of(row) for row in (await connection.execute(_LAPSED, {"limit": limit})).mappings()]
            if not lapsed:
                return []
            decided = [crashed(job, now) for job in lapsed]
            await save_jobs(connection, lapsed, decided)
            await connection.commit()
        return decided

    async def ensure(self, requests: Sequence[JobRequest], now: datetime) -> None:
        """Have a job for each of these that repeat: with the interval asked for, and queued if it was given up."""
        wanted = {request.key: request for request in requests}
        async with self._connections.transaction() as connection:
            await add_jobs(connection, [new_job(request, now) for request in requests])
            found = [job_of(row) for row in (await connection.execute(_OF_KEYS, {"keys": list(wanted)})).mappings()]
            # Failed for good, it was unknown to an older version.
            after = [replace(begun_anew(job, now), every=wanted[job.key].every) for job in found]
            changed = [(old, new) for old, new in zip(found, after, strict=True) if old != new]
            if changed:
                await save_jobs(connection, [old for old, _ in changed], [new for _, new in changed])
            await connection.commit()
