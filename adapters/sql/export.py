"""Everything that is kept about a person, straight from the tables.

Each page is a read of its own, so that a caller who takes their time holds no connection and no snapshot.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    literal,
    select,
    tuple_,
    union,
)

from adapters.security.master_keys import MasterKeys
from adapters.sql.engine import Connections
from adapters.sql.personal_fields import opened
from adapters.sql.tables.background import job
from adapters.sql.tables.catalog import role
from adapters.sql.tables.events import event_store
from adapters.sql.tables.identity import account, session
from adapters.sql.tables.onboarding import onboarding
from adapters.sql.tables.practice import conversation, generation, token_budget, turn, usage
from adapters.sql.tables.records import audit_search, onboarding_record, practice_record
from adapters.sql.tables.scenarios import recommendation, scenario
from domain.audit.model import StoredEvent
from domain.identity.export import ExportedRows

PAGE = 200
"""Rows that are read at once; of the largest, turns, that is some 100 KB."""
_STREAMS = 50

_USER = bindparam("user_id", type_=Uuid)
_CONVERSATIONS = select(conversation.c.id).where(conversation.c.user_id == _USER)
_GENERATIONS = select(generation.c.id).where(generation.c.user_id == _USER)


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one table: whose they are, and the columns that are nobody's business, such as a hash of a password."""

    name: str
    table: Table
    is_theirs: ColumnElement[bool]
    left_out: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[Column[Any], ...]:
        """The columns that the rows are in order of."""
        return tuple(self.table.primary_key.columns)

    def pages(self) -> tuple[Select[Any], Select[Any]]:
        """Return the statements of the first page, and of one after the row with `key_0`, `key_1` and so on."""
        shown = (column for column in self.table.c if column.name not in self.left_out)
        keys = (key.label(f"key_{number}") for number, key in enumerate(self.keys))
        first = select(*shown, *keys).where(self.is_theirs).order_by(*self.keys).limit(PAGE)
        after = (bindparam(f"key_{number}", type_=key.type) for number, key in enumerate(self.keys))
        return first, first.where(tuple_(*self.keys) > tuple_(*after))


SECTIONS = (
    Section("account", account, account.c.id == _USER, frozenset({"password_hash", "email_key"})),
    Section("sessions", session, session.c.user_id == _USER),
    Section("onboarding", onboarding, onboarding.c.user_id == _USER),
    Section("roles", role, role.c.owner_id == _USER, frozenset({"position"})),
    Section("scenarios", scenario, scenario.c.owner_id == _USER, frozenset({"position"})),
    Section("recommendations", recommendation, recommendation.c.user_id == _USER),
    Section("conversations", conversation, conversation.c.user_id == _USER),
    Section("turns", turn, turn.c.conversation_id.in_(_CONVERSATIONS)),
    Section("generations", generation, generation.c.user_id == _USER),
    Section("usage", usage, usage.c.generation_id.in_(_GENERATIONS)),
    Section("token_budgets", token_budget, token_budget.c.user_id == _USER),
    Section("jobs", job, job.c.user_id == _USER, frozenset({"key", "every", "starts_at", "sent_at", "lease_until"})),
    Section("onboarding_records", onboarding_record, onboarding_record.c.user_id == _USER),
    Section("practice_records", practice_record, practice_record.c.user_id == _USER),
)
"""What is exported, in this order; then come the events."""

NOT_EXPORTED = {
    "answer": "sealed copies of what else is here, for a day",
    "audit_search": "where the events are; those are here themselves",
    "user_key": "the key of the person's words, which are here in the clear",
    "erased_user": "says of who is gone that they are",
}
"""Tables that have a person in them and are left out, each with the reason."""

_PAGES = {section.name: section.pages() for section in SECTIONS}


def _streams(prefix: str, ids: Select[Any]) -> Select[Any]:
    found = ids.subquery()
    return select((literal(f"{prefix}-") + cast(next(iter(found.c)), Text)).label("stream_id"))


# The rows name their streams; what was swept since has left its own in the search.
_THEIR_STREAMS = union(
    select((literal("user-") + cast(_USER, Text)).label("stream_id")),
    select((literal("onboarding-") + cast(_USER, Text)).label("stream_id")),
    _streams("session", select(session.c.id).where(session.c.user_id == _USER)),
    _streams("conversation", _CONVERSATIONS),
    _streams("generation", _GENERATIONS),
    _streams("scenario", select(job.c.id).where(job.c.user_id == _USER)),
    select(audit_search.c.stream_id).where(audit_search.c.user_id == _USER),
).subquery()
_STREAM_PAGE = (
    select(_THEIR_STREAMS.c.stream_id)
    .where(_THEIR_STREAMS.c.stream_id > bindparam("after", type_=Text))
    .order_by(_THEIR_STREAMS.c.stream_id)
    .limit(_STREAMS)
)
_PLACE = tuple_(event_store.c.stream_id, event_store.c.version)
_EVENT_PAGE = (
    select(event_store)
    .where(
        event_store.c.stream_id == bindparam("streams", type_=ARRAY(Text)).any_(),
        _PLACE.op(">")(tuple_(bindparam("stream_id", type_=Text), bindparam("version", type_=Integer))),
    )
    .order_by(event_store.c.stream_id, event_store.c.version)
    .limit(PAGE)
)


class SqlPersonalData:
    """Implements `domain.identity.export.PersonalData`."""

    def __init__(self, connections: Connections, master: MasterKeys) -> None:
        self._connections = connections
        self._master = master

    async def of(self, user_id: UUID) -> AsyncIterator[ExportedRows]:
        """Give everything that is kept about a person, a page at a time."""
        for section in SECTIONS:
            async for rows in self._section(section, user_id):
                yield ExportedRows(section.name, rows)
        yield ExportedRows("events", ())
        async for events in self._events(user_id):
            yield ExportedRows("events", events)

    async def _section(self, section: Section, user_id: UUID) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        first, further = _PAGES[section.name]
        rows = await self._read(first, {"user_id": user_id})
        yield [_shown(section, row) for row in rows]
        while len(rows) == PAGE:
            place = {f"key_{number}": rows[-1][f"key_{number}"] for number in range(len(section.keys))}
            rows = await self._read(further, {"user_id": user_id, **place})
            yield [_shown(section, row) for row in rows]

    async def _events(self, user_id: UUID) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        after = ""
        while streams := await self._read(_STREAM_PAGE, {"user_id": user_id, "after": after}):
            names = [row["stream_id"] for row in streams]
            after = names[-1]
            async for events in self._events_of(names):
                yield events

    async def _events_of(self, streams: Sequence[str]) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        place: Mapping[str, Any] = {"stream_id": "", "version": 0}
        while True:
            rows = await self._read(_EVENT_PAGE, {"streams": list(streams), **place})
            yield await self._opened([_stored(row) for row in rows])
            if len(rows) < PAGE:
                return
            place = {"stream_id": rows[-1]["stream_id"], "version": rows[-1]["version"]}

    async def _opened(self, events: Sequence[StoredEvent]) -> Sequence[Mapping[str, Any]]:
        async with self._connections.reading() as connection:
            data = await opened(connection, self._master, events)
        return [_event(event, fields) for event, fields in zip(events, data, strict=True)]

    async def _read(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        async with self._connections.reading() as connection:
            rows = (await connection.execute(statement, values)).mappings()
            # Their keys are a str of SQLAlchemy's own, which is no name to who writes JSON.
            return [{str(name): value for name, value in row.items()} for row in rows]


def _shown(section: Section, row: Mapping[str, Any]) -> Mapping[str, Any]:
    keys = {f"key_{number}" for number in range(len(section.keys))}
    return {name: value for name, value in row.items() if name not in keys}


def _stored(row: Mapping[str, Any]) -> StoredEvent:
    return StoredEvent(**{**row, "previous_hash": bytes(row["previous_hash"]), "hash": bytes(row["hash"])})


def _event(event: StoredEvent, data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "id": event.event_id,
        "type": event.type,
        "schema_version": event.schema_version,
        "stream_id": event.stream_id,
        "version": event.version,
        "occurred_at": event.occurred_at,
        "actor": event.actor,
        "data": data,
    }
