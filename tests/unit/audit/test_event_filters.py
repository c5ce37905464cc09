"""What administrators may ask the record for."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from domain.audit.model import StoredEvent
from domain.audit.reading import EventFilter, EventQuery, ListEvents, parse_filter, sealed_fields
from domain.shared.errors import InvalidRequest
from domain.shared.pages import PageRequest

WHEN = datetime(2026, 3, 1, tzinfo=UTC)


class FakeRecord:
    """Events at positions 1 to 5."""

    def __init__(self) -> None:
        self.asked: list[EventQuery] = []

    async def newest(self, query: EventQuery, below: int | None, limit: int) -> Sequence[StoredEvent]:
        self.asked.append(query)
        positions = range(min(below or 6, 6) - 1, 0, -1)
        return [_event(position) for position in positions][:limit]


def _event(position: int) -> StoredEvent:
    return StoredEvent(position, "user-1", position, uuid4(), "user.logged_in", 1, {}, {}, WHEN, b"", b"")


async def test_pages_go_on_where_the_last_one_ended():
    list_events = ListEvents(FakeRecord())
    seen, after = [], None
    for _ in range(3):
        page = await list_events(EventFilter(), PageRequest(2, after))
        seen.append([event.position for event in page.items])
        after = page.next_after
    assert seen == [[5, 4], [3, 2], [1]]
    assert after is None


@pytest.mark.parametrize("after", ["", "x", "-1", "1 ", "٣", "9" * 19, "1e3", "\0"])
async def test_a_forged_place_is_refused(after: str):
    with pytest.raises(InvalidRequest) as refused:
        await ListEvents(FakeRecord())(EventFilter(), PageRequest(2, after))
    assert [violation.field for violation in refused.value.violations] == ["page_token"]


def test_nothing_given_is_everything():
    assert parse_filter(EventFilter()) == EventQuery()


def test_what_is_given_is_passed_on():
    user = UUID(int=7)
    east = WHEN.astimezone(timezone(timedelta(hours=9)))
    asked = EventFilter(
        stream_id="user-1", type="t", actor="a", user_id=str(user), since=east, until=datetime.max.replace(tzinfo=UTC)
    )
    query = parse_filter(asked)
    assert query == EventQuery(stream_id="user-1", type="t", actor="a", user_id=user, since=WHEN, until=asked.until)
    assert query.since is not None
    assert query.since.tzinfo is UTC


@pytest.mark.parametrize("value", ["a\0b", "x" * 201, "\ud800", "x" * 10**6, "\x1b[2J"])
async def test_a_text_that_no_event_can_have_never_reaches_the_database(value: str):
    record = FakeRecord()
    asked = EventFilter(stream_id=value, type=value, actor=value, user_id=value)
    with pytest.raises(InvalidRequest) as refused:
        await ListEvents(record)(asked, PageRequest())
    assert [violation.field for violation in refused.value.violations] == ["stream_id", "type", "actor", "user_id"]
    assert record.asked == []


def test_times_that_cannot_be_are_refused():
    first_day = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(InvalidRequest) as refused:
        parse_filter(EventFilter(since=first_day))
    assert [violation.field for violation in refused.value.violations] == ["since"]
    with pytest.raises(InvalidRequest) as refused:
        parse_filter(EventFilter(since=WHEN, until=WHEN))
    assert [violation.field for violation in refused.value.violations] == ["until"]


def test_sealed_fields_are_known_by_their_form():
    assert sealed_fields({"text": {"enc": "x"}, "none": None, "plain": "enc", "other": {"enc": 1, "x": 2}}) == ("text",)
