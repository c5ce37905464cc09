"""The jobs as their owners and operators see them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.job_rows import job_of, save_jobs
from adapters.sql.tables.background import job as table
from domain.shared.job_ends import begun_anew, cancel_requested
from domain.shared.jobs import Job, JobPlace

_THIS = table.c.id == bindparam("job_id")
_USERS = table.c.user_id == bindparam("user_id")
_OLDER = tuple_(table.c.created_at, table.c.id) < tuple_(
    bindparam("created_at", type_=table.c.created_at.type), bindparam("id", type_=table.c.id.type)
)
_GET = select(table).where(_THIS)
_GET_OF_USER = _GET.where(_USERS)
_NEWEST = select(table).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(bindparam("limit"))
_LISTS: Mapping[tuple[bool, bool], Select[Any]] = {
    (False, False): _NEWEST,
    (False, True): _NEWEST.where(_OLDER),
    (True, False): _NEWEST.where(_USERS),
    (True, True): _NEWEST.where(_USERS, _OLDER),
}


class SqlJobs:
    """Implements `domain.shared.jobs.Jobs`, and what operators do besides."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, job_id: UUID, user_id: UUID | None) -> Job | None:
        """Return the user's job."""
        return await self._one(_GET if user_id is None else _GET_OF_USER, job_id, user_id)

    async def of_user(self, user_id: UUID | None, before: JobPlace | None, limit: int) -> Sequence[Job]:
        """Return some of the user's jobs, the newest first."""
        values: dict[str, Any] = {"limit": limit}
        if user_id is not None:
            values["user_id"] = user_id
        if before is not None:
            values |= {"created_at": before.created_at, "id": before.id}
        rows = await self._connection.execute(_LISTS[user_id is not None, before is not None], values)
        return [job_of(row) for row in rows.mappings()]

    async def request_cancel(self, job_id: UUID, user_id: UUID | None, now: datetime) -> Job | None:
        """Have the user's job cancelled."""
        return await self._change(lambda job: cancel_requested(job, now), job_id, user_id)

    async def retry(self, job_id: UUID, now: datetime) -> Job | None:
        """Queue one anew that has failed or was cancelled; return it as it is then. For a transaction."""
        return await self._change(lambda job: begun_anew(job, now), job_id, None)

    async def _change(self, change: Callable[[Job], Job], job_id: UUID, user_id: UUID | None) -> Job | None:
        statement = (_GET if user_id is None else _GET_OF_USER).with_for_update()
        found = await self._one(statement, job_id, user_id)
        if found is None:
            return None
        changed = change(found)
        if changed != found:
            await save_jobs(self._connection, [found], [changed])
        return changed

    async def _one(self, statement: Select[Any], job_id: UUID, user_id: UUID | None) -> Job | None:
        values = {"job_id": job_id} if user_id is None else {"job_id": job_id, "user_id": user_id}
        row = (await self._connection.execute(statement, values)).mappings().first()
        return None if row is None else job_of(row)
