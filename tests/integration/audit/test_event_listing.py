"""Administrators find every settled event, whether or not the projection has come to it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from integration.audit.history import MASTER, History
from sqlalchemy import insert, text

from adapters.sql.engine import Connections
from adapters.sql.event_reader import PROJECTION, SqlEventReader
from adapters.sql.event_store import EventAppender
from adapters.sql.personal_fields import Sealer
from adapters.sql.tables.background import handler_watermark
from domain.audit.model import StoredEvent
from domain.audit.reading import EventFilter, ListEvents, sealed_fields
from domain.identity.events import UserRegistered
from domain.shared.clock import system_clock
from domain.shared.errors import InvalidRequest
from domain.shared.origin import UNKNOWN
from domain.shared.pages import Page, PageRequest

# As the handler writes it: whom an event is about stands in its data.
_PROJECT = text(
    """
    INSERT INTO audit_search (position, stream_id, version, type, actor, user_id, correlation_id, occurred_at)
    SELECT position, stream_id, version, type, meta ->> 'actor', (data ->> 'user_id')::uuid,
        meta ->> 'correlation_id', occurred_at
    FROM event_store WHERE position <= :upto
    """
)


@pytest.fixture
def list_events(record: Connections) -> ListEvents:
    return ListEvents(SqlEventReader(record))


async def project(record: Connections, upto: int) -> None:
    async with record.transaction() as connection:
        await connection.execute(_PROJECT, {"upto": upto})
        await connection.execute(insert(handler_watermark).values(handler=PROJECTION, position=upto))
        await connection.commit()


async def all_of(list_events: ListEvents, wanted: EventFilter, size: int) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    after = None
    while True:
        page: Page[StoredEvent] = await list_events(wanted, PageRequest(size, after))
        found += page.items
        after = page.next_after
        if after is None:
            return found
        assert len(page.items) == size


@pytest.mark.parametrize("part", [0, 0.3, 1], ids=["nothing projected", "a part projected", "all projected"])
async def test_every_filter_finds_what_the_store_holds(
    history: History, record: Connections, list_events: ListEvents, part: float
):
    await history.unfold()
    everything = await all_of(list_events, EventFilter(), 100)
    assert [event.position for event in everything] == sorted((event.position for event in everything), reverse=True)
    assert len(everything) == (await history.verify()).events
    await project(record, int(everything[0].position * part))
    some = everything[len(everything) // 2]
    user_id = next(event.data["user_id"] for event in everything if event.type == "conversation.turn_added")
    until = some.occurred_at + timedelta(microseconds=1)
    cases: Mapping[str, tuple[EventFilter, object]] = {
        "all": (EventFilter(), lambda event: True),
        "stream": (EventFilter(stream_id=some.stream_id), lambda event: event.stream_id == some.stream_id),
        "type": (EventFilter(type="user.logged_in"), lambda event: event.type == "user.logged_in"),
        "actor": (EventFilter(actor=some.actor), lambda event: event.actor == some.actor),
        "user": (EventFilter(user_id=user_id.upper()), lambda event: event.data["user_id"] == user_id),
        "since": (EventFilter(since=some.occurred_at), lambda event: event.occurred_at >= some.occurred_at),
        "until": (EventFilter(until=some.occurred_at), lambda event: event.occurred_at < some.occurred_at),
        "moment": (
            EventFilter(since=some.occurred_at, until=until),
            lambda event: event.occurred_at == some.occurred_at,
        ),
        "two": (
            EventFilter(type="user.logged_in", user_id=user_id),
            lambda event: event.type == "user.logged_in" and event.data["user_id"] == user_id,
        ),
        "none": (EventFilter(type="user.cloned"), lambda event: False),
    }
    for name, (wanted, matches) in cases.items():
        expected = [event for event in everything if matches(event)]  # type: ignore[operator] # a function
        assert await all_of(list_events, wanted, 3) == expected, name


async def test_what_is_not_settled_is_not_listed_yet(history: History, list_events: ListEvents):
    await history.user()
    async with history.connections.transaction() as connection:
        early = UserRegistered(user_id=history.id(), email=None, full_name=None)
        await EventAppender(connection, Sealer(connection, MASTER)).append([early], {}, UNKNOWN, system_clock())
        await history.user()
        assert len(await all_of(list_events, EventFilter(), 10)) == 1
        await connection.commit()
    assert len(await all_of(list_events, EventFilter(), 10)) == 3


async def test_new_events_do_not_shift_the_pages(history: History, list_events: ListEvents):
    for _ in range(4):
        await history.user()
    first = await list_events(EventFilter(), PageRequest(2))
    await history.user()
    second = await list_events(EventFilter(), PageRequest(2, first.next_after))
    positions = [event.position for event in (*first.items, *second.items)]
    assert positions == sorted(positions, reverse=True)
    assert len(set(positions)) == 4
    assert second.next_after is None


async def test_personal_values_stay_sealed(history: History, list_events: ListEvents):
    await history.user()
    (event,) = (await list_events(EventFilter(), PageRequest())).items
    assert sealed_fields(event.data) == ("email", "full_name")


async def test_an_event_of_a_user_without_data_about_them_is_theirs(history: History, list_events: ListEvents, record):
    user = UUID(int=7)
    await history.happen(UserRegistered(user_id=user, email=None, full_name=None))
    async with record.transaction() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text("UPDATE event_store SET data = '{}'"))
        await connection.commit()
    assert len(await all_of(list_events, EventFilter(user_id=str(user)), 10)) == 1


@pytest.mark.parametrize("after", ["0", "1", "9" * 18])
async def test_any_place_in_a_token_is_answered(history: History, list_events: ListEvents, after: str):
    await history.user()
    page = await list_events(EventFilter(), PageRequest(10, after))
    assert len(page.items) == (1 if after == "9" * 18 else 0)


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
async def test_the_ends_of_time_are_answered(list_events: ListEvents, moment: datetime):
    await list_events(EventFilter(since=moment), PageRequest())
    await list_events(EventFilter(until=moment), PageRequest())


async def test_a_forged_token_and_a_forged_filter_are_refused(list_events: ListEvents):
    with pytest.raises(InvalidRequest):
        await list_events(EventFilter(), PageRequest(10, "9" * 30))
    with pytest.raises(InvalidRequest):
        await list_events(EventFilter(actor="user:\0"), PageRequest())
