"""A log entry survives the way through a stream's fields."""

from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from adapters.live.entries import decode, encode, entry_id, position_of
from domain.practice.reply import (
    Accepted,
    Cancelled,
    Completed,
    Failed,
    LogEntry,
    Position,
    Reset,
    Snapshot,
    Started,
    TextDelta,
    TokenUsage,
)

TURN = UUID(int=7)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
EVENTS = st.one_of(
    st.builds(Accepted, st.uuids()),
    st.builds(Started, TEXTS),
    st.builds(TextDelta, TEXTS),
    st.builds(Snapshot, TEXTS),
    st.builds(Reset, TEXTS),
    st.builds(TokenUsage, st.integers(0, 2**31), st.integers(0, 2**31)),
    st.builds(Completed, st.uuids(), TEXTS),
    st.builds(Cancelled, st.none() | st.uuids()),
    st.builds(Failed, TEXTS, TEXTS, st.booleans(), st.none() | st.uuids()),
)


def stored(entry: LogEntry) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the entry as a server hands it out: everything is bytes."""
    words = [word if isinstance(word, bytes) else str(word).encode() for word in encode(entry)]
    return entry_id(entry.position).encode(), dict(zip(words[::2], words[1::2], strict=True))


@given(EVENTS, st.integers(1, 10**9), st.integers(1, 10**9))
def test_every_event_comes_back_as_it_was(event, attempt: int, sequence: int) -> None:
    entry = LogEntry(Position(attempt, sequence), sequence, event)

    assert decode(*stored(entry)) == entry


@given(TEXTS, st.integers(1, 10**6), st.integers(1, 100))
def test_joined_deltas_keep_their_first_sequence(text: str, first: int, joined: int) -> None:
    entry = LogEntry(Position(3, first + joined), first, TextDelta(text))

    assert decode(*stored(entry)) == entry


def test_a_single_delta_costs_one_field() -> None:
    assert encode(LogEntry(Position(1, 5), 5, TextDelta("Hello"))) == ("d", "Hello")


@pytest.mark.parametrize("event", [Completed(TURN, "stop"), TextDelta("Hello")])
def test_no_field_name_appears_twice(event) -> None:
    names = encode(LogEntry(Position(1, 5), 3, event))[::2]

    assert len(set(names)) == len(names)


def test_an_id_stands_for_its_position() -> None:
    assert position_of(entry_id(Position(2, 17)).encode()) == Position(2, 17)
