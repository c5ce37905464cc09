"""Every event there is survives being written and read, in each schema it was ever written in."""

import json
import types
import typing
from dataclasses import fields
from enum import Enum
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings, strategies as st

from domain.audit.errors import EventBroken, EventTooNew, UnknownEventType
from domain.audit.registry import AREAS, EVENT_TYPES, area_of, decode
from domain.shared.events import Event

EVENTS = sorted(EVENT_TYPES.values(), key=lambda event: event.type)
UPCAST = [(event, version) for event in EVENTS for version in range(1, event.schema_version)]
USER = str(UUID(int=7))
# The oldest schema of each event that has newer ones, as it was stored.
OLDEST = {"user.registered": {"user_id": USER}}


def _values(hint: typing.Any) -> st.SearchStrategy[typing.Any]:
    if hint is str:
        return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return st.one_of(st.none() if arg is type(None) else _values(arg) for arg in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        return st.lists(_values(typing.get_args(hint)[0]), max_size=4).map(tuple)
    return {int: st.integers(0, 2**31), bool: st.booleans(), UUID: st.uuids()}[hint]


def _examples(event: type[Event]) -> st.SearchStrategy[Event]:
    hints = typing.get_type_hints(event)
    return st.builds(event, **{each.name: _values(hints[each.name]) for each in fields(event)})


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_an_event_is_the_same_after_it_was_written_as_json_and_read(data):
    event = data.draw(_examples(data.draw(st.sampled_from(EVENTS))))
    stored = json.loads(json.dumps(event.to_dict()))
    assert decode(event.type, event.schema_version, stored) == event
    assert area_of(event.stream_id) == AREAS[event.aggregate]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_is_declared_as_its_readers_expect(event):
    assert event.aggregate
    assert event.type.partition(".")[0].replace("_", "-") == event.aggregate
    assert typing.get_type_hints(event)[fields(event)[0].name] is UUID, "its stream is named by the first field"
    assert set(event.upcasters) == set(range(1, event.schema_version))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_what_is_personal_has_a_person_and_can_be_erased(event):
    hints = typing.get_type_hints(event)
    for name in event.personal_fields():
        assert hints[name] == (str | None)
        assert hints["user_id"] is UUID


def test_every_event_with_a_newer_schema_has_its_oldest_here():
    assert {event.type for event, _ in UPCAST} == set(OLDEST)


@pytest.mark.parametrize("event_type", OLDEST)
def test_the_oldest_schema_is_still_read(event_type):
    assert decode(event_type, 1, OLDEST[event_type]).type == event_type


def test_what_was_said_is_personal_and_whom_it_concerns_is_not():
    assert EVENT_TYPES["conversation.turn_added"].personal_fields() == ("text",)
    assert EVENT_TYPES["user.registered"].personal_fields() == ("email", "full_name")


def test_a_type_that_nobody_knows_is_named():
    with pytest.raises(UnknownEventType, match=r"'user\.cloned'"):
        decode("user.cloned", 1, {})
    assert area_of("clone-1") is None


def test_a_newer_schema_is_not_guessed_at():
    with pytest.raises(EventTooNew, match="schema 9, and 2 is the newest"):
        decode("user.registered", 9, {"user_id": USER})


@pytest.mark.parametrize(
    "data",
    [{}, {"user_id": "no id", "session_id": USER}, {"user_id": USER, "session_id": 7}, {"user_id": USER}],
    ids=["empty", "no uuid", "a number", "a field missing"],
)
def test_fields_that_are_not_those_of_the_type_are_broken(data):
    with pytest.raises(EventBroken, match=r"user\.logged_in"):
        decode("user.logged_in", 1, data)


def test_an_id_of_a_turn_and_its_conversation_are_told_apart():
    assert area_of(f"conversation-{uuid4()}") == "practice"
    assert area_of(f"session-{uuid4()}") == "identity"
