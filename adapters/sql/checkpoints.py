"""Writing checkpoints."""

from collections.abc import Callable
from dataclasses import asdict

from sqlalchemy import RowMapping, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.engine import Connections
from adapters.sql.settled import settled_position
from adapters.sql.tables.events import checkpoint
from domain.audit.checkpoints import Checkpoint, Span

MOST_EVENTS = 10_000
"""In one checkpoint: its heads then take about a megabyte at the most, also for who verifies it."""

_NEWEST = select(checkpoint).order_by(checkpoint.c.number.desc()).limit(1)
# By position: what was appended since the last checkpoint is all that is read, and it is indexed by that.
_SPAN = text(
    """
    SELECT DISTINCT ON (stream_id)
        stream_id, version, position, encode(hash, 'hex') AS hash,
        count(*) OVER () AS events, max(position) OVER () AS last_position
    FROM (
        SELECT stream_id, version, position, hash FROM event_store
        WHERE position > :after AND position <= :settled ORDER BY position LIMIT :most
    ) AS span
    ORDER BY stream_id, version DESC
    """
)
_ADD = insert(checkpoint).on_conflict_do_nothing().returning(checkpoint.c.number)


class SqlCheckpoints:
    """The checkpoints in Postgres."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def add(self, seal: Callable[[Span, Checkpoint | None], Checkpoint]) -> Checkpoint | None:
        """Store what `seal` makes of the next events and the last checkpoint, in one transaction.

        Returns None, with nothing stored, when there are no new events that are settled, and when somebody else has
        stored that checkpoint at the same moment. Raises Unavailable.
        """
        async with self._connections.transaction() as connection:
            last = await _newest(connection)
            span = await _span(connection, last.position if last else 0)
            if span is None:
                return None
            made = seal(span, last)
            added = (await connection.execute(_ADD, asdict(made))).first()
            await connection.commit()
        return made if added else None


async def _newest(connection: AsyncConnection) -> Checkpoint | None:
    row = (await connection.execute(_NEWEST)).mappings().first()
    return None if row is None else _checkpoint(row)


async def _span(connection: AsyncConnection, after: int) -> Span | None:
    # Each statement sees what was committed before it, so what is settled by the first is there in the second.
    settled = await settled_position(connection)
    rows = (await connection.execute(_SPAN, {"after": after, "settled": settled, "most": MOST_EVENTS})).all()
    if not rows:
        return None
    heads = {row.stream_id: (row.version, row.position, row.hash) for row in rows}
    return Span(rows[0].last_position, rows[0].events, heads)


def _checkpoint(row: RowMapping) -> Checkpoint:
    return Checkpoint(**row)
