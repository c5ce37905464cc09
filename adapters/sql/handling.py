"""How far a handler is in each stream, and the events that come next.

A handler's position in a stream moves in the transaction of what it makes of the events, and whoever holds the
position's row is the only one who handles that stream. So whatever the bus delivers, twice or out of order or not at
all, a handler has each event once, and in order.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Integer, Row, Text, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.away import unavailable
from adapters.sql.engine import Connections
from domain.audit.model import StoredEvent
from domain.shared.errors import TransactionConflict, Unavailable

MOST_EVENTS = 1_000
"""Events handled in one transaction; a longer backlog goes on in the next one."""
MOST_OCTETS = 1 << 20
"""Of an event's data, as JSON. The contract takes no message a quarter as large, so a larger one is nobody's event."""
TRANSACTION_SECONDS = 10.0
"""What a transaction may take: a database that has gone silent is noticed by then."""
_IDLE, _LOCK = "15s", "5s"
"""How long a stopped process keeps others from its streams, and how long one waits for a stream."""

_GRACE = 5.0
"""Seconds that the database gives a transaction beyond its own time: by then whoever began it is stopped or gone."""

_CONTENTION = ("55P03", "57014", "25P03", "25P04")
"""What SQLSTATEs begin with that are no event's fault: a lock not had in time, a cancelled statement, a transaction
that was idle or took too long (PostgreSQL documentation, appendix A)."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a handler is in a stream: it has handled `version` events.

    `tries` says how often the next one has been tried by itself, 0 where none failed, and `since` how many seconds ago
    that was last.
    """

    stream_id: str
    version: int
    tries: int
    since: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """An event, and how large its data is as JSON; data above MOST_OCTETS is left where it is."""

    event: StoredEvent
    octets: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Events in the order of the positions that were asked for; `more` streams have others after them."""

    events: Sequence[Loaded]
    more: frozenset[str]


_STREAMS = bindparam("streams", type_=ARRAY(Text))
_VERSIONS = bindparam("versions", type_=ARRAY(Integer))

_LIMITS = text(
    f"SELECT set_config('idle_in_transaction_session_timeout', '{_IDLE}', true),"
    f" set_config('lock_timeout', '{_LOCK}', true),"
    # A stopped process may also leave a statement half asked for, and that is no idling. Postgres 17 and newer have it.
    " CASE WHEN current_setting('server_version_num')::int >= 170000"
    " THEN set_config('transaction_timeout', :most, true) END,"
    # Statements over arrays are estimated high, and compiling one would take longer than running it.
    " set_config('jit', 'off', true)"
)
# All in one order, so that two transactions do not wait for each other.
_MAKE = text(
    """
    INSERT INTO handler_position (handler, stream_id, version)
    SELECT :handler, stream_id, 0 FROM unnest(:streams) AS wanted (stream_id) ORDER BY stream_id COLLATE "C"
    ON CONFLICT DO NOTHING
    """
).bindparams(_STREAMS)
_HOLD = text(
    """
    SELECT at.stream_id, at.version, coalesce(failure.tries, 0) AS tries,
           coalesce(extract(epoch FROM clock_timestamp() - failure.failed_at), 0) AS since
    FROM handler_position AS at
    LEFT JOIN handler_failure AS failure
        ON failure.handler = at.handler AND failure.stream_id = at.stream_id AND failure.version = at.version + 1
    WHERE at.handler = :handler AND at.stream_id = ANY (:streams)
    ORDER BY at.stream_id COLLATE "C" FOR UPDATE OF at
    """
).bindparams(_STREAMS)
_LOAD = text(
    """
    SELECT event.*, octets, CASE WHEN octets <= :octets THEN event.data ELSE '{}' END AS small
    FROM unnest(:streams, :versions) WITH ORDINALITY AS at (stream_id, version, number)
    CROSS JOIN LATERAL (
        SELECT *, octet_length(data::text) AS octets FROM event_store
        WHERE stream_id = at.stream_id AND version > at.version ORDER BY version LIMIT :limit
    ) AS event
    ORDER BY at.number, event.version LIMIT :limit
    """
).bindparams(_STREAMS, _VERSIONS)
_MOVE = text(
    """
    UPDATE handler_position AS at SET version = moved.version
    FROM unnest(:streams, :versions) AS moved (stream_id, version)
    WHERE at.handler = :handler AND at.stream_id = moved.stream_id
    """
).bindparams(_STREAMS, _VERSIONS)
_SETTLE = text("DELETE FROM handler_failure WHERE handler = :handler AND stream_id = ANY (:streams)").bindparams(
    _STREAMS
)


_STREAMS_OF = text(
    """
    SELECT stream_id FROM stream_head WHERE stream_id > :after AND stream_id LIKE ANY (:kinds)
    ORDER BY stream_id LIMIT 500
    """
).bindparams(bindparam("kinds", type_=ARRAY(Text)))


@contextmanager
def contended() -> Iterator[None]:
    """Turn what is no event's fault into Unavailable: a database that is away, and writers in each other's way."""
    try:
        with unavailable():
            yield
    except TransactionConflict as error:
        raise Unavailable("The database was busy with others.", retry_after=1.0) from error
    except DBAPIError as error:
        if (getattr(error.orig, "sqlstate", None) or "").startswith(_CONTENTION):
            raise Unavailable("The database was busy with others.", retry_after=1.0) from error
        raise


@asynccontextmanager
async def handling(connections: Connections, seconds: float | None = None) -> AsyncIterator[AsyncConnection]:
    """Give a connection in a transaction that ends in time, whatever stops meanwhile. Raises Unavailable.

    `seconds` is TRANSACTION_SECONDS when absent.
    """
    with contended():
        async with connections.transaction() as connection:
            try:
                most = seconds or TRANSACTION_SECONDS
                async with asyncio.timeout(most):
                    await connection.execute(_LIMITS, {"most": f"{most + _GRACE:g}s"})
                    yield connection
            except (TimeoutError, asyncio.CancelledError):
                # Undoing it politely would wait for the same silence.
                await connection.invalidate()
                raise


class Progress:
    """How far one handler is, within one transaction."""

    def __init__(self, connection: AsyncConnection, handler: str) -> None:
        self._connection = connection
        self._handler = handler

    async def hold(self, streams: Sequence[str]) -> list[Position]:
        """Return where the handler is in these streams; others wait for them until the transaction ends."""
        values = {"handler": self._handler, "streams": list(streams)}
        await self._connection.execute(_MAKE, values)
        rows = await self._connection.execute(_HOLD, values)
        return [Position(row.stream_id, row.version, row.tries, float(row.since)) for row in rows]

    async def load(self, positions: Sequence[Position], limit: int = MOST_EVENTS) -> Slice:
        """Return the events that come next, at most `limit`."""
        if not positions:
            return Slice((), frozenset())
        values = {
            "streams": [at.stream_id for at in positions],
            "versions": [at.version for at in positions],
            "octets": MOST_OCTETS,
            "limit": limit + 1,
        }
        rows = (await self._connection.execute(_LOAD, values)).all()
        return Slice([_loaded(row) for row in rows[:limit]], _more(positions, rows, limit))

    async def move(self, versions: Mapping[str, int]) -> None:
        """Have it at these versions."""
        if versions:
            values = {"handler": self._handler, "streams": list(versions), "versions": list(versions.values())}
            await self._connection.execute(_MOVE, values)

    async def settle(self, streams: Sequence[str]) -> None:
        """Forget that something failed in these streams."""
        if streams:
            await self._connection.execute(_SETTLE, {"handler": self._handler, "streams": list(streams)})


async def streams_of(connection: AsyncConnection, kinds: Iterable[str], after: str) -> list[str]:
    """Return the next streams of these kinds, at most 500, in the order of their names."""
    values = {"kinds": [f"{kind}-%" for kind in kinds], "after": after}
    return list((await connection.execute(_STREAMS_OF, values)).scalars())


def _more(positions: Sequence[Position], rows: Sequence[Row[Any]], limit: int) -> frozenset[str]:
    """Return the streams that are not through: the one of the first row left out, and all after it."""
    if len(rows) <= limit:
        return frozenset()
    streams = [at.stream_id for at in positions]
    return frozenset(streams[streams.index(rows[limit].stream_id) :])


def _loaded(row: Row[Any]) -> Loaded:
    event = StoredEvent(
        position=row.position,
        stream_id=row.stream_id,
        version=row.version,
        event_id=row.event_id,
        type=row.type,
        schema_version=row.schema_version,
        data=row.small,
        meta=row.meta,
        occurred_at=row.occurred_at,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
    return Loaded(event, row.octets)
