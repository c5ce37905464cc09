"""The outbox as the relay sees it: what waits, what was published, and where each stream of the bus stands."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.bus.entries import MOST_DATA, Announced
from adapters.bus.entry_ids import NEVER
from adapters.sql.away import unavailable
from adapters.sql.engine import Connections
from adapters.sql.lag import Handlers, republish_unpassed

OUTBOX_WITHIN = 5.0
"""Seconds for a statement; usual are milliseconds."""
REPUBLISH_WITHIN = 120.0
"""Seconds for looking through all that some handler has not passed; a million events take about ten."""

# Never from a cursor on: transactions commit out of the order of positions. What is too long for an entry does not even
# leave the database. `pg_column_size` is asked first, because it does not unpack.
_WAITING = text(
    f"""
    SELECT event.position, event.stream_id, event.version, event.event_id, event.type, event.schema_version,
           event.occurred_at, event.meta,
           CASE WHEN pg_column_size(event.data) <= {MOST_DATA} AND octet_length(event.data::text) <= {MOST_DATA}
                THEN event.data END AS data
    FROM outbox JOIN event_store AS event USING (position)
    WHERE outbox.published_at IS NULL ORDER BY outbox.position LIMIT :limit
    """  # noqa: S608 - of a constant
)
# Only onto the id that we know: a relay that was replaced meanwhile marks nothing.
_MOVE = """
    UPDATE bus_stream SET last_id = step.after_id
    FROM unnest(:names, :befores, :afters) AS step (name, before_id, after_id)
    WHERE bus_stream.name = step.name AND bus_stream.last_id = step.before_id
    RETURNING bus_stream.name
"""
_STEPS = [bindparam(name, type_=ARRAY(Text)) for name in ("names", "befores", "afters")]
_MARK = text(
    f"""
    WITH moved AS ({_MOVE}), marked AS (
        UPDATE outbox SET published_at = now()
        FROM unnest(:positions, :streams) AS entry (position, stream)
        WHERE outbox.position = entry.position AND entry.stream IN (SELECT name FROM moved)
    )
    SELECT name FROM moved
    """  # noqa: S608 - of constants
).bindparams(*_STEPS, bindparam("positions", type_=ARRAY(BigInteger)), bindparam("streams", type_=ARRAY(Text)))
_ADOPT = text(_MOVE).bindparams(*_STEPS)
_DISMISS = text("UPDATE outbox SET published_at = now() WHERE position = ANY (:positions)").bindparams(
    bindparam("positions", type_=ARRAY(BigInteger))
)
_KNOW = text(f"INSERT INTO bus_stream SELECT name, '{NEVER}' FROM unnest(:names) AS name ON CONFLICT DO NOTHING")  # noqa: S608
_KNOW = _KNOW.bindparams(bindparam("names", type_=ARRAY(Text)))
_LAST_IDS = text("SELECT name, last_id FROM bus_stream WHERE name = ANY (:names)").bindparams(
    bindparam("names", type_=ARRAY(Text))
)


@dataclass(frozen=True, slots=True)
class Step:
    """A stream of the bus moved from one last entry to another; `positions` are the events that did it."""

    stream: str
    before: str
    after: str
    positions: tuple[int, ...] = ()


class Outbox:
    """Reads and marks. Raises Unavailable."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def waiting(self, limit: int) -> list[Announced]:
        """Return the first events that are not published, in the order of their positions."""
        async with self._alone() as connection:
            rows = (await connection.execute(_WAITING, {"limit": limit})).all()
        return [Announced(*row) for row in rows]

    async def last_ids(self, streams: Sequence[str]) -> Mapping[str, str]:
        """Return the last entry that a relay wrote to each stream, as far as it told."""
        names = {"names": list(streams)}
        async with self._alone() as connection:
            await connection.execute(_KNOW, names)
            return {row.name: row.last_id for row in await connection.execute(_LAST_IDS, names)}

    async def mark(self, steps: Sequence[Step]) -> set[str]:
        """Mark the events of these steps as published; return the streams where the step was from where they stood.

        The others are left alone, with their events.
        """
        positions = [(position, step.stream) for step in steps for position in step.positions]
        values = _values(steps) | {
            "positions": [position for position, _ in positions],
            "streams": [stream for _, stream in positions],
        }
        async with self._alone() as connection:
            return set((await connection.execute(_MARK, values)).scalars())

    async def dismiss(self, positions: Iterable[int]) -> None:
        """Mark events that no stream takes."""
        async with self._alone() as connection:
            await connection.execute(_DISMISS, {"positions": list(positions)})

    async def adopt(self, steps: Sequence[Step]) -> None:
        """Take note of where streams stand now."""
        async with self._alone() as connection:
            await connection.execute(_ADOPT, _values(steps))

    async def restore(self, steps: Sequence[Step], handlers: Handlers) -> int:
        """Have everything published again that some handler has not passed; return how many events that are."""
        with unavailable():
            async with asyncio.timeout(REPUBLISH_WITHIN), self._connections.transaction() as connection:
                count = await republish_unpassed(connection, handlers)
                await connection.execute(_ADOPT, _values(steps))
                await connection.commit()
        return count

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        with unavailable():
            async with asyncio.timeout(OUTBOX_WITHIN), self._connections.reading() as connection:
                yield connection


def _values(steps: Sequence[Step]) -> dict[str, object]:
    return {
        "names": [step.stream for step in steps],
        "befores": [step.before for step in steps],
        "afters": [step.after for step in steps],
    }
