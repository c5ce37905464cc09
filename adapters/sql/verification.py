"""What a verification looks at: one snapshot of the database, read page by page."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.engine import Connections
from domain.audit.chain_check import BadEvent, Recorded
from domain.audit.checkpoint_check import RecordedCheckpoint

EVENTS_AT_ONCE = 1_000
CHECKPOINTS_AT_ONCE = 20
"""With the heads of 10,000 streams each, some 25 MB."""

# As text, whatever was written there can be read. Times are in UTC whatever the session's zone is.
_EVENTS = """
    SELECT e.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version, e.data::text, e.meta::text,
        (e.occurred_at AT TIME ZONE 'UTC')::text, e.previous_hash, e.hash, h.version, h.hash
    FROM (SELECT * FROM event_store WHERE {which} ORDER BY stream_id, version LIMIT :limit) AS e
    LEFT JOIN stream_head AS h ON h.stream_id = e.stream_id
    ORDER BY e.stream_id, e.version
"""
_ALL_EVENTS = text(_EVENTS.format(which="(stream_id, version) > (:stream_id, :version)"))
_EVENTS_OF_STREAM = text(_EVENTS.format(which="stream_id = :stream_id AND version > :version"))

_EMPTY_HEAD = """
    SELECT stream_id FROM stream_head AS h WHERE {which}
        AND NOT EXISTS (SELECT FROM event_store AS e WHERE e.stream_id = h.stream_id)
    ORDER BY stream_id COLLATE "C" LIMIT 1
"""
_ANY_EMPTY_HEAD = text(_EMPTY_HEAD.format(which="true"))
_EMPTY_HEAD_OF_STREAM = text(_EMPTY_HEAD.format(which="stream_id = :stream_id"))

_CHECKPOINTS = """
    SELECT number, position, events, heads::text, (created_at AT TIME ZONE 'UTC')::text,
        previous_digest, digest, key_id, signature
    FROM checkpoint WHERE number > :after AND {which} ORDER BY number LIMIT :limit
"""
_ALL_CHECKPOINTS = text(_CHECKPOINTS.format(which="true"))
_CHECKPOINTS_OF_STREAM = text(_CHECKPOINTS.format(which="jsonb_exists(heads, :stream_id)"))

# Where a stream was cut before the head, the first event that is missing is named; the chain finds gaps by itself.
_LOST_HEAD = """
    SELECT seen.stream_id, seen.number, e.version IS NULL AS missing,
        least(seen.version, 1 + coalesce(
            (SELECT max(t.version) FROM event_store t WHERE t.stream_id = seen.stream_id AND t.version <= seen.version),
            0)) AS version
    FROM (
        SELECT c.number, head.key AS stream_id, (head.value ->> 0)::int AS version,
            (head.value ->> 1)::bigint AS position, head.value ->> 2 AS hash
        FROM checkpoint AS c, {heads}
        WHERE c.number = ANY(:numbers)
    ) AS seen
    LEFT JOIN event_store AS e ON e.stream_id = seen.stream_id AND e.version = seen.version
    WHERE e.version IS NULL OR e.position <> seen.position OR encode(e.hash, 'hex') <> seen.hash
    ORDER BY seen.stream_id COLLATE "C", version, seen.number LIMIT 1
"""
_NUMBERS = bindparam("numbers", type_=ARRAY(BigInteger))
_ANY_LOST_HEAD = text(_LOST_HEAD.format(heads="jsonb_each(c.heads) AS head")).bindparams(_NUMBERS)
_LOST_HEAD_OF_STREAM = text(
    _LOST_HEAD.format(
        heads="LATERAL (SELECT CAST(:stream_id AS text), c.heads -> CAST(:stream_id AS text)) AS head (key, value)"
    )
).bindparams(_NUMBERS)

_COUNTS = text(
    """
    SELECT (SELECT count(*) FROM event_store AS e WHERE e.position > span.after AND e.position <= span.upto)
    FROM unnest(:afters, :uptos) WITH ORDINALITY AS span (after, upto, place) ORDER BY span.place
    """
).bindparams(bindparam("afters", type_=ARRAY(BigInteger)), bindparam("uptos", type_=ARRAY(BigInteger)))

_UNSEEN = text(
    """
    SELECT e.stream_id, e.version
    FROM checkpoint AS c
    JOIN event_store AS e ON e.position > :after AND e.position <= c.position
    LEFT JOIN jsonb_each(c.heads) AS head ON head.key = e.stream_id
    WHERE c.number = :number AND coalesce((head.value ->> 0)::int, 0) < e.version
    ORDER BY e.stream_id COLLATE "C", e.version LIMIT 1
    """
)


class SqlSnapshot:
    """Implements `domain.audit.verification.Snapshot` over a transaction that sees one moment."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def events(self, stream_id: str | None) -> AsyncIterator[Sequence[Recorded]]:
        """Yield pages of events, stream by stream, by version."""
        statement = _ALL_EVENTS if stream_id is None else _EVENTS_OF_STREAM
        place = {"stream_id": stream_id or "", "version": -(2**31)}
        while True:
            rows = (await self._connection.execute(statement, {**place, "limit": EVENTS_AT_ONCE})).all()
            if rows:
                yield (page := [Recorded._make(row) for row in rows])
                place = {"stream_id": page[-1].stream_id, "version": page[-1].version}
            if len(rows) < EVENTS_AT_ONCE:
                return

    async def empty_head(self, stream_id: str | None) -> str | None:
        """Return the first stream that has a head and no event."""
        statement = _ANY_EMPTY_HEAD if stream_id is None else _EMPTY_HEAD_OF_STREAM
        row = await self._first(statement, stream_id, {})
        return None if row is None else str(row.stream_id)

    async def checkpoints(self, stream_id: str | None) -> AsyncIterator[Sequence[RecordedCheckpoint]]:
        """Yield pages of checkpoints by number; with a stream, those in which it is."""
        statement = _ALL_CHECKPOINTS if stream_id is None else _CHECKPOINTS_OF_STREAM
        values = {} if stream_id is None else {"stream_id": stream_id}
        after = -(2**63)
        while True:
            given = {**values, "after": after, "limit": CHECKPOINTS_AT_ONCE}
            rows = (await self._connection.execute(statement, given)).all()
            if rows:
                yield (page := [RecordedCheckpoint._make(row) for row in rows])
                after = page[-1].number
            if len(rows) < CHECKPOINTS_AT_ONCE:
                return

    async def lost_head(self, numbers: Sequence[int], stream_id: str | None) -> BadEvent | None:
        """Return the first event that one of these checkpoints saw as a head, and that does not stand like that."""
        statement = _ANY_LOST_HEAD if stream_id is None else _LOST_HEAD_OF_STREAM
        row = await self._first(statement, stream_id, {"numbers": list(numbers)})
        if row is None:
            return None
        saw = f"checkpoint {row.number} saw"
        fault = f"is missing: {saw} the stream go on" if row.missing else f"is not the event that {saw} here"
        return BadEvent(row.stream_id, row.version, fault)

    async def counts(self, spans: Sequence[tuple[int, int]]) -> Sequence[int]:
        """Return how many events have positions above the first and up to the second of each pair."""
        values = {"afters": [after for after, _ in spans], "uptos": [upto for _, upto in spans]}
        return list((await self._connection.execute(_COUNTS, values)).scalars())

    async def unseen(self, number: int, after: int) -> BadEvent | None:
        """Return the first event above the position `after` that a checkpoint should have seen and did not."""
        row = await self._first(_UNSEEN, None, {"number": number, "after": after})
        return None if row is None else BadEvent(row.stream_id, row.version, f"is not one that checkpoint {number} saw")

    async def _first(self, statement: Any, stream_id: str | None, values: dict[str, Any]) -> Any:
        given = values if stream_id is None else {**values, "stream_id": stream_id}
        return (await self._connection.execute(statement, given)).first()


class SqlSnapshots:
    """Gives snapshots: `async with snapshots() as snapshot:`. While one is open, vacuum keeps what it sees."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[SqlSnapshot]:
        """Give the record as it stands with the first read. Raises Unavailable."""
        async with self._connections.transaction() as connection:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            yield SqlSnapshot(await connection.execution_options(**options))
