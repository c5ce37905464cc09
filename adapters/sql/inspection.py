"""Conversations as they are stored, with their events, at one moment."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, RowMapping, Text, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.security.master_keys import MasterKeys
from adapters.sql.engine import Connections
from adapters.sql.finding import finding
from adapters.sql.personal_fields import opened
from adapters.sql.tables.events import event_store
from adapters.sql.tables.practice import conversation, generation, turn
from domain.audit.errors import Undecodable
from domain.audit.model import StoredEvent
from domain.audit.registry import decode
from domain.practice.chat import Author
from domain.practice.inspection import ConversationQuery, History, RecordedEvent
from domain.practice.model import Conversation, ConversationStatus, Generation, GenerationStatus, Turn
from domain.shared.clock import Clock
from domain.shared.events import Event

AT_ONCE = 50
"""Conversations that are read at once: at forty turns of 500 characters some 1 MB, and as much again of events."""

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_BY_ID = select(conversation).where(conversation.c.id == _IDS.any_()).order_by(conversation.c.id)
_NEXT = (
    select(conversation)
    .where(conversation.c.id > bindparam("after", type_=Uuid))
    .order_by(conversation.c.id)
    .limit(AT_ONCE)
)
_TURNS = select(turn).where(turn.c.conversation_id == _IDS.any_()).order_by(turn.c.position)
_GENERATIONS = (
    select(generation)
    .where(generation.c.conversation_id == _IDS.any_())
    .order_by(generation.c.created_at, generation.c.id)
)
_EVENTS = (
    select(event_store)
    .where(event_store.c.stream_id == bindparam("streams", type_=ARRAY(Text)).any_())
    .order_by(event_store.c.stream_id, event_store.c.version)
)
# A conversation goes with its learner's account and with nothing else.
_LOST = text(
    """
    SELECT substr(h.stream_id, 14)::uuid AS id, h.stream_id
    FROM stream_head AS h
    JOIN event_store AS e ON e.stream_id = h.stream_id AND e.version = 1
    WHERE h.stream_id > :after AND e.type = 'conversation.started'
        AND h.stream_id ~ '^conversation-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        AND NOT EXISTS (SELECT FROM conversation AS c WHERE c.id::text = substr(h.stream_id, 14))
        AND NOT EXISTS (SELECT FROM erased_user AS u WHERE u.user_id::text = e.data ->> 'user_id')
    ORDER BY h.stream_id LIMIT :limit
    """
)

_T = TypeVar("_T")


class SqlStoredConversations:
    """Implements `domain.practice.inspection.StoredConversations` over a transaction that sees one moment."""

    def __init__(self, connection: AsyncConnection, master: MasterKeys, seen_at: datetime) -> None:
        self._connection = connection
        self._master = master
        self._seen_at = seen_at

    async def find(self, query: ConversationQuery, limit: int) -> Sequence[Conversation]:
        """Return conversations, the newest first."""
        return [_conversation(row) for row in await self._rows(finding(query, limit), {})]

    async def one(self, conversation_id: UUID) -> History | None:
        """Return the history of one."""
        found = await self._histories(await self._rows(_BY_ID, {"ids": [conversation_id]}))
        return next(iter(found), None)

    async def all(self) -> AsyncIterator[Sequence[History]]:
        """Yield the histories of all, in the order of their ids."""
        after = UUID(int=0)
        while rows := await self._rows(_NEXT, {"after": after}):
            yield await self._histories(rows)
            after = rows[-1]["id"]

    async def lost(self) -> AsyncIterator[UUID]:
        """Yield the conversations whose events are there without them."""
        after = ""
        while rows := await self._rows(_LOST, {"after": after, "limit": AT_ONCE}):
            for row in rows:
                yield row["id"]
            after = rows[-1]["stream_id"]

    async def _histories(self, rows: Sequence[RowMapping]) -> list[History]:
        ids = {"ids": [row["id"] for row in rows]}
        turns = _grouped(await self._rows(_TURNS, ids), _turn)
        generations = _grouped(await self._rows(_GENERATIONS, ids), _generation)
        streams = {row["id"]: _streams(row["id"], generations[row["id"]]) for row in rows}
        events = await self._events([stream for each in streams.values() for stream in each])
        return [
            History(
                _conversation(row),
                tuple(turns[row["id"]]),
                tuple(generations[row["id"]]),
                tuple(event for stream in streams[row["id"]] for event in events[stream]),
                self._seen_at,
            )
            for row in rows
        ]

    async def _events(self, streams: Sequence[str]) -> dict[str, list[RecordedEvent]]:
        stored = [StoredEvent(**row) for row in await self._rows(_EVENTS, {"streams": list(streams)})]
        found: dict[str, list[RecordedEvent]] = defaultdict(list)
        for event, data in zip(stored, await opened(self._connection, self._master, stored), strict=True):
            read = _read(event, data)
            found[event.stream_id].append(
                RecordedEvent(event.stream_id, event.version, event.type, event.occurred_at, read)
            )
        return found

    async def _rows(self, statement: Any, values: dict[str, Any]) -> Sequence[RowMapping]:
        return (await self._connection.execute(statement, values)).mappings().all()


class SqlConversationSnapshots:
    """Gives what is stored at one moment: `async with snapshots() as stored:`."""

    def __init__(self, connections: Connections, master: MasterKeys, clock: Clock) -> None:
        self._connections = connections
        self._master = master
        self._clock = clock

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[SqlStoredConversations]:
        """Give it as it stands with the first read. Raises Unavailable."""
        async with self._connections.transaction() as connection:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            seen_at = self._clock()  # before the first read: a lease that is renewed afterwards has not lapsed
            yield SqlStoredConversations(await connection.execution_options(**options), self._master, seen_at)


def _streams(conversation_id: UUID, generations: Sequence[Generation]) -> list[str]:
    return [f"conversation-{conversation_id}", *(f"generation-{each.id}" for each in generations)]


def _read(event: StoredEvent, data: Any) -> Event | None:
    try:
        return decode(event.type, event.schema_version, data)
    except Undecodable:
        return None


def _grouped(rows: Sequence[RowMapping], make: Callable[[RowMapping], _T]) -> dict[UUID, list[_T]]:
    """Return what is made of the rows, by conversation."""
    found: dict[UUID, list[_T]] = defaultdict(list)
    for row in rows:
        found[row["conversation_id"]].append(make(row))
    return found


def _conversation(row: RowMapping) -> Conversation:
    return Conversation(**{**row, "status": ConversationStatus(row["status"])})


def _turn(row: RowMapping) -> Turn:
    return Turn(**{**row, "author": Author(row["author"])})


def _generation(row: RowMapping) -> Generation:
    return Generation(**{**row, "status": GenerationStatus(row["status"])})
