"""Streams that wait for their time."""

import math

import pytest

from workers.consumer_group import Entry
from workers.held_back import HeldBack


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_a_stream_waits_until_its_time(time):
    held = HeldBack(time)
    held.hold(["a", "b"], 2.0)
    held.hold(["c"], 5.0)
    assert (len(held), "a" in held, "x" in held) == (3, True, False)
    assert (held.take_due(), held.seconds()) == ([], 2.0)
    time.now += 2
    assert held.take_due() == ["a", "b"]
    assert (len(held), held.seconds()) == (1, 3.0)


def test_the_latest_word_on_a_stream_counts(time):
    held = HeldBack(time)
    held.hold(["a"], 2.0)
    held.hold(["a"], 9.0)
    time.now += 3
    assert held.take_due() == []


def test_where_nothing_waits_it_is_for_ever(time):
    held = HeldBack(time)
    assert held.seconds() == math.inf
    held.hold(["a"], 1.0)
    time.now += 60
    assert held.seconds() == 0


def test_entries_are_owed_until_their_stream_is_through(time):
    held = HeldBack(time)
    first, second, other = (Entry(b"k", b"1", "a"), Entry(b"k", b"2", "a"), Entry(b"k", b"3", "b"))
    for entry in (first, second, first, other):
        held.owe(entry)
    assert set(held.take_entries(["a", "nobody"])) == {first, second}
    assert held.take_entries(["a"]) == []
    assert held.take_entries(["b"]) == [other]
