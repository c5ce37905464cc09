"""A cursor names a place in a reply's log."""

from uuid import uuid4

import pytest

from domain.practice.reply import Position, cursor, parse_cursor


def test_a_cursor_gives_its_place_back() -> None:
    generation = uuid4()
    assert parse_cursor(cursor(generation, Position(2, 117))) == (generation, Position(2, 117))


def test_a_later_attempt_comes_after_every_sequence_of_an_earlier_one() -> None:
    assert Position(1, 999) < Position(2, 1) < Position(2, 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11",
        "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11:1",
        "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11:0-1",
        "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11:1-0",
        "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11:1-1 ",
        "a:1-1",
    ],
)
def test_what_is_no_cursor_gives_none(text: str) -> None:
    assert parse_cursor(text) is None
