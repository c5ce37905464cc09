"""Reading events: by what administrators ask for, and as they come."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, bindparam, or_, select, union_all

from adapters.sql.engine import Connections
from adapters.sql.settled import settled_position
from adapters.sql.tables.background import handler_watermark
from adapters.sql.tables.events import event_store
from adapters.sql.tables.records import audit_search
from domain.audit.model import StoredEvent
from domain.audit.reading import EventQuery

PROJECTION = "audit_search"
"""The handler that writes the table of this name."""

_CHANNEL = "fluentpro_outbox"

_PASSED = select(handler_watermark.c.position).where(handler_watermark.c.handler == PROJECTION)
_NEXT = (
    select(event_store)
    .where(event_store.c.position > bindparam("after"), event_store.c.position <= bindparam("upto"))
    .order_by(event_store.c.position)
    .limit(bindparam("limit"))
)
_NEXT_OF_STREAM = _NEXT.where(event_store.c.stream_id == bindparam("stream"))


class SqlEventReader:
    """Implements `domain.audit.reading.RecordedEvents`, and follows the store."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def newest(self, query: EventQuery, below: int | None, limit: int) -> Sequence[StoredEvent]:
        """Return some of the settled events, the highest position first. Raises Unavailable.

        Up to the watermark of the projection its table says which, by index. Above it the store itself is searched:
        that is few events as long as background work keeps up, and none is left out while it does not.
        """
        async with self._connections.reading() as connection:
            highest = await settled_position(connection)
            passed = (await connection.execute(_PASSED)).scalar() or 0
            highest = highest if below is None else min(highest, below - 1)
            rows = await connection.execute(_newest(query, min(passed, highest), passed, highest, limit))
            return [_stored(row) for row in rows.mappings()]

    async def settled(self) -> int:
        """Return the position up to which nothing can appear any more. Raises Unavailable."""
        async with self._connections.reading() as connection:
            return await settled_position(connection)

    async def following(self, after: int, upto: int, stream_id: str | None, limit: int) -> Sequence[StoredEvent]:
        """Return the first events above a position and up to a settled one. Raises Unavailable."""
        values: dict[str, Any] = {"after": after, "upto": upto, "limit": limit}
        if stream_id is not None:
            values["stream"] = stream_id
        async with self._connections.reading() as connection:
            rows = await connection.execute(_NEXT if stream_id is None else _NEXT_OF_STREAM, values)
            return [_stored(row) for row in rows.mappings()]

    @asynccontextmanager
    async def bell(self) -> AsyncIterator[asyncio.Event]:
        """Give an event that is set whenever somebody appends. It holds a connection; when that is lost, it is mute."""
        rung = asyncio.Event()

        def ring(*_notice: object) -> None:
            rung.set()

        async with self._connections.reading() as connection:
            listening: Any = (await connection.get_raw_connection()).driver_connection
            await listening.add_listener(_CHANNEL, ring)
            try:
                yield rung
            finally:
                await listening.remove_listener(_CHANNEL, ring)


def _newest(query: EventQuery, projected: int, passed: int, highest: int, limit: int) -> Select[Any]:
    by_table = _positions(audit_search, _in_projection(query), 0, projected, limit)
    by_store = _positions(event_store, _in_store(query), passed, highest, limit)
    found = union_all(by_table, by_store).subquery()
    position = event_store.c.position
    return select(event_store).join(found, found.c.position == position).order_by(position.desc()).limit(limit)


def _positions(table: Any, conditions: list[ColumnElement[bool]], above: int, upto: int, limit: int) -> Select[Any]:
    position = table.c.position
    found = select(position).where(position > above, position <= upto, *conditions)
    # A subquery: both halves of a union have an order and a limit of their own.
    return select(found.order_by(position.desc()).limit(limit).subquery())


def _in_projection(query: EventQuery) -> list[ColumnElement[bool]]:
    conditions = _shared(audit_search.c, query)
    if query.actor is not None:
        conditions.append(audit_search.c.actor == query.actor)
    if query.user_id is not None:
        conditions.append(audit_search.c.user_id == query.user_id)
    return conditions


def _in_store(query: EventQuery) -> list[ColumnElement[bool]]:
    conditions = _shared(event_store.c, query)
    if query.actor is not None:
        conditions.append(event_store.c.meta["actor"].astext == query.actor)
    if query.user_id is not None:
        named = event_store.c.data["user_id"].astext == str(query.user_id)
        conditions.append(or_(named, event_store.c.stream_id == f"user-{query.user_id}"))
    return conditions


def _shared(columns: Any, query: EventQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.stream_id is not None:
        conditions.append(columns.stream_id == query.stream_id)
    if query.type is not None:
        conditions.append(columns.type == query.type)
    if query.since is not None:
        conditions.append(columns.occurred_at >= query.since)
    if query.until is not None:
        conditions.append(columns.occurred_at < query.until)
    return conditions


def _stored(row: RowMapping) -> StoredEvent:
    return StoredEvent(**row)
