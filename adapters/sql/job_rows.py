"""Jobs as rows: read, added, and written over one known attempt."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from sqlalchemy import Boolean, RowMapping, Update, and_, bindparam, case, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.background import job as table
from domain.shared.jobs import Job, JobState, Progress

# What is due at once is due by the database's clock too, whichever of the two is ahead.
_WANTED = bindparam("wanted_due_at", type_=table.c.due_at.type)
_AT_ONCE = bindparam("at_once", type_=Boolean())
_DUE = case((_AT_ONCE, func.least(_WANTED, func.clock_timestamp())), else_=_WANTED)
_ADD = (
    insert(table)
    .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in table.c.keys()} | {"due_at": _DUE})  # noqa: SIM118 - columns
    .on_conflict_do_nothing(index_elements=["key"])
)

_FIXED = {"id", "key", "name", "queue", "arguments", "user_id", "starts_at", "correlation_id", "created_at", "attempts"}
_CHANGING = frozenset(table.c.keys()) - _FIXED
_OTHERS = frozenset({"progress", "cancel_requested_at"})
"""What may have been written since an attempt read its row."""


@cache
def _save(names: frozenset[str]) -> Update:
    held = (table.c.id, "held_id"), (table.c.attempts, "held_attempts"), (table.c.state, "held_state")
    conditions = [column == bindparam(name) for column, name in held]
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in sorted(names)}
    return update(table).where(*conditions).values(values)


def job_of(row: Mapping[str, Any] | RowMapping) -> Job:
    """Return a row as a job."""
    progress = row["progress"]
    return Job(
        **{**row, "state": JobState(row["state"]), "progress": None if progress is None else Progress(**progress)}
    )


def is_attempt(job: Job) -> Any:
    """Return the condition that it is still the attempt in hand that runs."""
    return and_(table.c.id == job.id, table.c.attempts == job.attempts, table.c.state == "running")


async def add_jobs(connection: AsyncConnection, jobs: Sequence[Job]) -> None:
    """Queue jobs; of those with one key the first stays."""
    await connection.execute(_ADD, [_new(each) for each in jobs])


async def save_jobs(connection: AsyncConnection, before: Sequence[Job], after: Sequence[Job]) -> None:
    """Write jobs that this transaction has locked."""
    await connection.execute(_save(_CHANGING), [_values(*each) for each in zip(before, after, strict=True)])


async def end_attempt(connection: AsyncConnection, job: Job, after: Job) -> bool:
    """Write what has become of an attempt; False when it is no longer the one that runs."""
    is_next_run = after.state is JobState.QUEUED and after.finished_at != job.finished_at
    names = _CHANGING - ({"progress"} if is_next_run else _OTHERS)
    return (await connection.execute(_save(names), _values(job, after))).rowcount == 1


def _new(job: Job) -> dict[str, Any]:
    row = {f"new_{name}": value for name, value in asdict(job).items()}
    return row | {"wanted_due_at": row.pop("new_due_at"), "at_once": job.due_at <= job.created_at}


def _values(old: Job, new: Job) -> dict[str, Any]:
    values = asdict(new)
    held = {"held_id": old.id, "held_attempts": old.attempts, "held_state": old.state}
    return held | {f"new_{name}": values[name] for name in _CHANGING}
