"""Removing what nobody needs any more, a batch at a time, so that no lock is held for long."""

from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Date,
    Delete,
    Interval,
    Table,
    bindparam,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from adapters.sql.answers import KEPT
from adapters.sql.engine import Connections
from adapters.sql.tables.answers import answer
from adapters.sql.tables.background import job, worker_process
from adapters.sql.tables.identity import session
from adapters.sql.tables.practice import token_budget
from domain.identity.model import SESSION_IDLE_LIFETIME

JOBS_KEPT = timedelta(days=30)
"""After their end."""
SESSIONS_KEPT = timedelta(days=30)
"""After they were revoked: a refresh token that comes back is still known as one. Those that expired go at once."""
PROCESSES_KEPT = timedelta(hours=1)
"""After their last beat: long enough to be alarmed by it."""
BUDGETS_KEPT = timedelta(days=30)
"""After their day: long enough to see who met the limit."""

_BATCH = 1000
_NOW = func.clock_timestamp()


def _ago(age: timedelta) -> ColumnElement[datetime]:
    return _NOW - literal(age, Interval())


_DOOMED = {
    answer: answer.c.created_at < _ago(KEPT),
    session: or_(
        session.c.absolute_expiry < _NOW,
        session.c.last_seen_at < _ago(SESSION_IDLE_LIFETIME),
        session.c.revoked_at < _ago(SESSIONS_KEPT),
    ),
    job: job.c.state.in_(["succeeded", "failed", "cancelled"]) & (job.c.finished_at < _ago(JOBS_KEPT)),
    token_budget: token_budget.c.day < cast(_ago(BUDGETS_KEPT), Date),
    worker_process: worker_process.c.beat_at < _ago(PROCESSES_KEPT),
}


async def sweep(connections: Connections) -> dict[str, int]:
    """Remove it all; return how many rows by table. Raises Unavailable."""
    return {str(table.name): await _remove(connections, table) for table in _DOOMED}


async def _remove(connections: Connections, table: Table) -> int:
    removed = 0
    while True:
        async with connections.reading() as connection:
            count = (await connection.execute(_statement(table), {"batch": _BATCH})).rowcount
        removed += count
        if count < _BATCH:
            return removed


def _statement(table: Table) -> Delete:
    key = tuple_(*table.primary_key.columns)
    doomed = select(*table.primary_key.columns).where(_DOOMED[table]).limit(bindparam("batch"))
    return delete(table).where(key.in_(doomed.with_for_update(skip_locked=True)))
