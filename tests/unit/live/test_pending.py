"""Events are numbered, joined, and kept until the log has them."""

from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from adapters.live.pending import JOINED_CHARACTERS, Pending, Sending
from domain.practice.reply import Completed, LogEntry, Position, Snapshot, Started, TextDelta, TokenUsage

END = Completed(UUID(int=1), "stop")


def after_first_delta() -> Pending:
    pending = Pending(attempt=1)
    pending.take(TextDelta("first "))
    pending.next()
    pending.acknowledge()
    return pending


def entries(pending: Pending) -> list[LogEntry]:
    found = []
    while sending := pending.next():
        found.append(sending.entry)
        pending.acknowledge()
    return found


def test_the_first_delta_waits_for_no_tick_and_the_second_does() -> None:
    pending = Pending(attempt=1)
    pending.take(TextDelta("first"))
    assert pending.urgent
    pending.next()
    pending.acknowledge()

    pending.take(TextDelta("second"))

    assert not pending.urgent


def test_deltas_are_joined_until_they_are_long_enough() -> None:
    pending = after_first_delta()
    pending.take(TextDelta("x" * (JOINED_CHARACTERS - 1)))
    assert not pending.urgent

    pending.take(TextDelta("y"))

    assert pending.urgent
    assert entries(pending) == [LogEntry(Position(1, 3), 2, TextDelta("x" * (JOINED_CHARACTERS - 1) + "y"))]


def test_a_long_delta_is_urgent_by_itself() -> None:
    pending = after_first_delta()
    pending.take(TextDelta("x" * JOINED_CHARACTERS))
    assert pending.urgent


def test_another_event_sends_the_deltas_before_it() -> None:
    pending = after_first_delta()
    pending.take(TextDelta("rest"))
    pending.take(END)

    assert pending.urgent
    assert entries(pending) == [LogEntry(Position(1, 2), 2, TextDelta("rest")), LogEntry(Position(1, 3), 3, END)]


def test_what_is_under_way_keeps_its_bounds() -> None:
    pending = after_first_delta()
    pending.take(TextDelta("sent"))
    sending = pending.next()

    pending.take(TextDelta(" later"))

    assert pending.next() is sending
    pending.acknowledge()
    assert entries(pending) == [LogEntry(Position(1, 3), 3, TextDelta(" later"))]


def test_only_the_first_entry_of_an_attempt_creates_the_log() -> None:
    pending = Pending(attempt=2)
    pending.take(Started("model"))
    pending.take(END)

    assert pending.next() == Sending(LogEntry(Position(2, 1), 1, Started("model")), creates=True)
    pending.acknowledge()
    assert pending.next() == Sending(LogEntry(Position(2, 2), 2, END), creates=False)


def test_hurrying_lets_nothing_wait() -> None:
    pending = after_first_delta()
    pending.take(TextDelta("rest"))
    pending.hurry()
    assert pending.urgent


def test_a_snapshot_takes_the_place_of_deltas_and_stands_before_the_rest() -> None:
    pending = after_first_delta()
    pending.take(TextDelta("under way "))
    pending.next()
    pending.take(TextDelta("waiting"))
    pending.take(TokenUsage(1, 2))
    pending.take(END)

    pending.begin_anew("first under way waiting")

    assert pending.next() == Sending(LogEntry(Position(1, 6), 6, Snapshot("first under way waiting")), creates=True)
    assert [(entry.position.sequence, entry.event) for entry in entries(pending)] == [
        (6, Snapshot("first under way waiting")),
        (7, TokenUsage(1, 2)),
        (8, END),
    ]
    assert pending.tokens == 0


def test_text_that_cannot_be_written_is_refused_to_its_own_producer() -> None:
    pending = Pending(attempt=1)
    with pytest.raises(UnicodeEncodeError):
        pending.take(TextDelta("\ud83d"))
    assert pending.next() is None


def test_a_failed_writer_holds_nothing() -> None:
    pending = after_first_delta()
    pending.take(TextDelta("rest"))
    pending.next()
    pending.take(END)

    pending.clear()

    assert (pending.tokens, pending.characters, pending.next(), pending.acknowledged) == (0, 0, None, 1)


@given(st.lists(st.sampled_from(["take", "next", "acknowledge"])), st.data())
def test_no_sequence_is_lost_or_given_twice(steps: list[str], data: st.DataObject) -> None:
    pending, taken, sent = Pending(attempt=1), 0, []
    for step in steps:
        if step == "take":
            taken += 1
            pending.take(data.draw(st.sampled_from([TextDelta("word"), Started("model")])))
        elif (sending := pending.next()) and step == "acknowledge":
            sent.append(sending.entry)
            pending.acknowledge()
        assert pending.tokens == taken - pending.acknowledged
    sent += entries(pending)

    assert [entry.first for entry in sent] == [1, *(entry.position.sequence + 1 for entry in sent)][: len(sent)]
    assert pending.acknowledged == taken
