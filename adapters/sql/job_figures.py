"""Figures of the jobs for the metrics, read out of the tables now and then."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, bindparam, func, or_, select

from adapters.sql.engine import Connections
from adapters.sql.tables.background import job, worker_process

RECENT = timedelta(hours=1)
"""What counts as recent, in the figures about ends."""

_NOW = func.clock_timestamp()
_RECENTLY = job.c.finished_at > _NOW - bindparam("recent", type_=Interval())


def _seconds(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.extract("epoch", _NOW - moment), 0)


_COUNTS = (
    select(job.c.queue, job.c.state, func.count())
    .where(or_(job.c.state.in_(["queued", "running"]), _RECENTLY))
    .group_by(job.c.queue, job.c.state)
)
_FAILED = (
    select(job.c.name, job.c.failure_reason, func.count())
    .where(_RECENTLY, job.c.failure_reason.is_not(None), job.c.state.in_(["failed", "queued"]))
    .group_by(job.c.name, job.c.failure_reason)
)
_WAITING = (
    select(job.c.queue, _seconds(func.min(job.c.due_at)), _seconds(func.min(job.c.sent_at)))
    .where(job.c.state == "queued", job.c.due_at <= _NOW)
    .group_by(job.c.queue)
)
_BEATS = select(worker_process.c.node, worker_process.c.pid, _seconds(worker_process.c.beat_at))


@dataclass(frozen=True, slots=True)
class JobFigures:
    """A look at the tables."""

    counts: dict[tuple[str, str], int]
    """By queue and state; of those that have ended, the recent."""
    failed: dict[tuple[str, str], int]
    """By name and reason: jobs, and runs of those that repeat, that failed recently."""
    due_seconds: dict[str, float]
    """By queue: since when the oldest waiting job is due."""
    sent_seconds: dict[str, float]
    """By queue: since when the oldest waiting job was sent and not begun."""
    beat_seconds: dict[tuple[str, str], float]
    """By node and process: since when it said nothing."""


async def read_figures(connections: Connections) -> JobFigures:
    """Look at the tables. Raises Unavailable."""
    recent = {"recent": RECENT}
    async with connections.reading() as connection:
        counts = {(queue, state): count for queue, state, count in await connection.execute(_COUNTS, recent)}
        failed = {(name, reason): count for name, reason, count in await connection.execute(_FAILED, recent)}
        waiting = (await connection.execute(_WAITING)).all()
        beats = {(node, str(pid)): float(age) for node, pid, age in await connection.execute(_BEATS)}
    return JobFigures(
        counts,
        failed,
        {queue: float(due) for queue, due, _ in waiting},
        {queue: float(sent) for queue, _, sent in waiting},
        beats,
    )
