"""Appending events: a hash chain a stream, and an outbox row an event, in the transaction of the state."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, bindparam, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.failpoints import reach
from adapters.sql.personal_fields import Sealer
from adapters.sql.settled import HOLD_POSITION
from adapters.sql.tables.events import event_store, outbox, stream_head
from domain.audit.chain import event_hash
from domain.shared.errors import ConcurrentUpdate
from domain.shared.events import Event
from domain.shared.origin import Origin

# The update that changes nothing locks the row and returns it: one round trip for "create or lock". The positions are
# drawn in it too, once the row is locked (the subquery depends on it), so that they rise with the versions; and once
# the transaction holds the place that it may have them from.
_LOCK_HEAD = text(
    f"""
    INSERT INTO stream_head (stream_id, version, hash) VALUES (:stream_id, 0, '')
    ON CONFLICT (stream_id) DO UPDATE SET stream_id = excluded.stream_id
    RETURNING version, hash, (
        SELECT array_agg(nextval('event_store_position_seq'))
        FROM ({HOLD_POSITION} OFFSET 0) AS held, generate_series(1, :events)
        WHERE stream_head.version >= 0
    ) AS positions
    """  # noqa: S608 - of constants
)
_MOVE_HEAD = (
    update(stream_head)
    .where(stream_head.c.stream_id == bindparam("stream"))
    .values(version=bindparam("to_version"), hash=bindparam("to_hash"))
)
_APPEND = insert(event_store)
_ANNOUNCE = insert(outbox)


class EventAppender:
    """Appends what one unit of work has recorded."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def append(self, events: Sequence[Event], expected: Mapping[str, int], origin: Origin, now: datetime) -> None:
        """Append each event to its stream, and announce it in the outbox.

        Raises ConcurrentUpdate when a stream does not have as many events as `expected` says of it.
        """
        meta = {"correlation_id": origin.correlation_id, "causation_id": origin.causation_id, "actor": origin.actor}
        # In the order of the stream ids: two transactions that touch the same streams cannot wait for each other.
        for stream_id, group in groupby(sorted(events, key=attrgetter("stream_id")), key=attrgetter("stream_id")):
            recorded = list(group)
            head = await self._lock_head(stream_id, len(recorded), expected.get(stream_id))
            await self._write(stream_id, await self._chain(head, recorded, meta, now))

    async def _lock_head(self, stream_id: str, events: int, expected: int | None) -> Row[Any]:
        head = (await self._connection.execute(_LOCK_HEAD, {"stream_id": stream_id, "events": events})).one()
        await reach("uow.after_lock")
        if expected is not None and expected != head.version:
            raise ConcurrentUpdate(f"The stream {stream_id}", head.version)
        return head

    async def _chain(
        self, head: Row[Any], events: Sequence[Event], meta: Mapping[str, Any], now: datetime
    ) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        previous = bytes(head.hash)
        for number, event in enumerate(events):
            event_id = uuid4()
            row = {
                "position": head.positions[number],
                "stream_id": event.stream_id,
                "version": head.version + 1 + number,
                "event_id": event_id,
                "type": event.type,
                "schema_version": event.schema_version,
                "data": await self._sealer.sealed(event, event_id),
                "meta": meta,
                "occurred_at": now,
            }
            rows.append({**row, "previous_hash": previous, "hash": (previous := event_hash(row, previous))})
        return rows

    async def _write(self, stream_id: str, rows: Sequence[dict[str, Any]]) -> None:
        await self._connection.execute(_APPEND, rows)
        await reach("uow.after_rows")
        await self._connection.execute(_ANNOUNCE, [{"position": row["position"]} for row in rows])
        moved = {"stream": stream_id, "to_version": rows[-1]["version"], "to_hash": rows[-1]["hash"]}
        await self._connection.execute(_MOVE_HEAD, moved)
