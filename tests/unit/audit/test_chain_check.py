"""What is said of a broken chain: the first place of each stream, the lowest of all, in words."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from domain.audit.chain import event_hash
from domain.audit.chain_check import BadEvent, Chains, Recorded, lower

WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def stream(stream_id: str, length: int, first_position: int = 1) -> list[Recorded]:
    """Return a sound stream."""
    rows: list[Recorded] = []
    previous = b""
    for number in range(length):
        row: dict[str, Any] = {
            "position": first_position + number,
            "stream_id": stream_id,
            "version": number + 1,
            "event_id": UUID(int=number),
            "type": "user.logged_in",
            "schema_version": 1,
            "data": {"name": "Åse"},
            "meta": {"actor": "anonymous"},
            "occurred_at": WHEN,
        }
        digest = event_hash(row, previous)
        as_found = row | {"data": json.dumps(row["data"]), "meta": json.dumps(row["meta"])}
        as_found |= {"occurred_at": "2026-03-01 12:30:00", "previous_hash": previous, "hash": digest}
        rows.append(Recorded(**as_found, head_version=None, head_hash=None))
        previous = digest
    return [row._replace(head_version=length, head_hash=previous) for row in rows]


def checked(rows: Sequence[Recorded], at_once: int = 2) -> Chains:
    chains = Chains()
    for start in range(0, len(rows), at_once):
        chains.check(rows[start : start + at_once])
    chains.end()
    return chains


def test_sound_streams_are_counted_however_they_come_in_pages():
    rows = stream("user-1", 3) + stream("user-2", 1) + stream("user-3", 2)
    for at_once in (1, 2, 3, 100):
        chains = checked(rows, at_once)
        assert (chains.streams, chains.events, chains.first_bad) == (3, 6, None)


def test_no_events_are_no_fault():
    assert checked([]).first_bad is None


@pytest.mark.parametrize(
    ("change", "version", "fault"),
    [
        (lambda rows: rows[:1] + rows[2:], 2, "is missing"),
        (lambda rows: rows[1:], 1, "is missing"),
        (lambda rows: rows[:2], 3, "is missing: the head is at version 3"),
        (lambda rows: [rows[0]._replace(version=0), *rows], 0, "stands before the first"),
        (
            lambda rows: [rows[0], rows[1]._replace(type="user.cloned"), rows[2]],
            2,
            "hash that is not that of its columns",
        ),
        (lambda rows: [rows[0], rows[1]._replace(hash=b"x"), rows[2]], 2, "hash that is not that of its columns"),
        (lambda rows: [rows[0], rows[1]._replace(previous_hash=b"x"), rows[2]], 2, "does not continue"),
        (lambda rows: [rows[0]._replace(previous_hash=b"x"), *rows[1:]], 1, "does not continue"),
        (lambda rows: [rows[0], rows[1]._replace(position=1), rows[2]], 2, "position that is not above"),
        (lambda rows: [rows[0]._replace(data="{"), *rows[1:]], 1, "values that no event can have"),
        (lambda rows: [rows[0]._replace(occurred_at="infinity"), *rows[1:]], 1, "values that no event can have"),
        (lambda rows: [row._replace(head_version=None) for row in rows], 3, "lost its head"),
        (lambda rows: [row._replace(head_version=1) for row in rows], 2, "beyond the head, which is at version 1"),
        (lambda rows: [row._replace(head_version=-5) for row in rows], 1, "beyond the head, which is at version -5"),
        (lambda rows: [row._replace(head_hash=b"x") for row in rows], 3, "not the event that the head names"),
    ],
)
def test_the_first_fault_of_a_stream_is_located(change, version: int, fault: str):
    bad = checked(change(stream("user-2", 3))).first_bad
    assert bad is not None
    assert (bad.stream_id, bad.version) == ("user-2", version)
    assert fault in bad.fault


def test_the_lowest_of_several_is_kept_and_all_events_are_counted():
    broken = [row._replace(type="x") for row in stream("user-2", 3)]
    chains = checked(stream("user-1", 2) + broken + stream("user-3", 4)[1:])
    assert chains.first_bad is not None
    assert (chains.first_bad.stream_id, chains.first_bad.version) == ("user-2", 1)
    assert (chains.streams, chains.events) == (3, 8)


def test_a_stream_after_a_broken_one_is_checked_again():
    rows = [stream("user-2", 1)[0]._replace(type="x"), stream("user-1", 1)[0]._replace(type="x")]
    bad = checked(rows).first_bad
    assert bad is not None
    assert bad.stream_id == "user-1"


def test_the_lower_of_two_places_does_not_depend_on_their_order():
    places = [BadEvent("a", 9, ""), BadEvent("b", 1, ""), BadEvent("b", 2, "")]
    for one, two, three in permutations(places):
        assert lower(lower(one, two), three) == places[0]
    assert lower(None, places[1]) == lower(places[1], None) == places[1]
    assert lower(None, None) is None
