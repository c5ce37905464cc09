"""Appending events: a hash chain a stream, and an outbox row an event, in the transaction of the state."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, bindparam, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.events import event_store, outbox, stream_head
from domain.shared.events import Event
from domain.shared.origin import Origin

# The update that changes nothing locks the row and returns it: one round trip for "create or lock".
_LOCK_HEAD = (
    (head := upsert(stream_head).values(stream_id=bindparam("stream_id"), version=0, hash=b""))
    .on_conflict_do_update(index_elements=["stream_id"], set_={"stream_id": head.excluded.stream_id})
    .returning(stream_head.c.version, stream_head.c.hash)
)
_MOVE_HEAD = (
    update(stream_head)
    .where(stream_head.c.stream_id == bindparam("stream"))
    .values(version=bindparam("to_version"), hash=bindparam("to_hash"))
)
_APPEND = insert(event_store).returning(event_store.c.position, sort_by_parameter_order=True)
_ANNOUNCE = insert(outbox)


async def append(connection: AsyncConnection, events: Sequence[Event], origin: Origin, now: datetime) -> None:
    """Append `events`, each to its stream, and announce them in the outbox."""
    meta = {"correlation_id": origin.correlation_id, "causation_id": None, "actor": origin.actor}
    # In the order of the stream ids: two transactions that touch the same streams cannot wait for each other.
    for stream_id, group in groupby(sorted(events, key=attrgetter("stream_id")), key=attrgetter("stream_id")):
        head = (await connection.execute(_LOCK_HEAD, {"stream_id": stream_id})).one()
        rows = _chain(stream_id, head, list(group), meta, now)
        positions = (await connection.execute(_APPEND, rows)).scalars().all()
        await connection.execute(_ANNOUNCE, [{"position": position} for position in positions])
        moved = {"stream": stream_id, "to_version": rows[-1]["version"], "to_hash": rows[-1]["hash"]}
        await connection.execute(_MOVE_HEAD, moved)


def _chain(
    stream_id: str, head: Row[Any], events: Sequence[Event], meta: Mapping[str, Any], now: datetime
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    previous = head.hash
    for version, event in enumerate(events, start=head.version + 1):
        row = {
            "stream_id": stream_id,
            "version": version,
            "event_id": uuid4(),
            "type": event.type,
            "schema_version": event.schema_version,
            "data": event.to_dict(),
            "meta": meta,
            "occurred_at": now,
        }
        rows.append({**row, "previous_hash": previous, "hash": (previous := event_hash(row, previous))})
    return rows


def event_hash(row: Mapping[str, Any], previous: bytes) -> bytes:
    """Return the SHA-256 of an event's row after the hash of the one before it (empty for the first).

    The row is written as JSON with sorted keys and no spaces, so that anyone can compute it from the table.
    """
    content = {**row, "event_id": str(row["event_id"]), "occurred_at": row["occurred_at"].isoformat()}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + text.encode()).digest()
