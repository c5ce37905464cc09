"""What is wrong with the chains of events, and where."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.audit.chain import event_hash


@dataclass(frozen=True, slots=True)
class BadEvent:
    """An event that is not as it was recorded, or not there. `fault` goes on after "version 3 of user-0c9f… "."""

    stream_id: str
    version: int
    fault: str


class Recorded(NamedTuple):
    """A row of the store as it is found, and the head of its stream: None when the stream has none.

    `data`, `meta` and `occurred_at` (in UTC, without a zone) are the text that the database gives: whoever wrote them
    need not have kept to what our types can hold.
    """

    position: int
    stream_id: str
    version: int
    event_id: UUID
    type: str
    schema_version: int
    data: str
    meta: str
    occurred_at: str
    previous_hash: bytes
    hash: bytes
    head_version: int | None
    head_hash: bytes | None


def lower(one: BadEvent | None, other: BadEvent | None) -> BadEvent | None:
    """Return the one with the lower stream id, then version; the first when they are at one place."""
    if one is None or other is None:
        return one or other
    return other if (other.stream_id, other.version) < (one.stream_id, one.version) else one


def utc(text: str) -> datetime:
    """Return the time that the database wrote as `text`. Raises ValueError for one that Python has no name for."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Chains:
    """Takes the events stream by stream, by version, and keeps the lowest bad one."""

    def __init__(self) -> None:
        self.streams = 0
        self.events = 0
        self.first_bad: BadEvent | None = None
        self._last: Recorded | None = None
        # After the first fault of a stream, what follows it proves nothing.
        self._broken = False

    def check(self, page: Sequence[Recorded]) -> None:
        """Check the next events."""
        for row in page:
            self._take(row)
        self.events += len(page)

    def end(self) -> None:
        """Check what can be checked only when a stream is at its end."""
        if self._last is not None and not self._broken:
            self.note(_head_fault(self._last))

    def note(self, bad: BadEvent | None) -> None:
        """Keep a bad event, if it is the lowest."""
        self.first_bad = lower(self.first_bad, bad)

    def _take(self, row: Recorded) -> None:
        if self._last is None or self._last.stream_id != row.stream_id:
            self.end()
            self.streams += 1
            self._last, self._broken = None, False
        if not self._broken and (bad := _event_fault(self._last, row)):
            self._broken = True
            self.note(bad)
        self._last = row


def _event_fault(before: Recorded | None, row: Recorded) -> BadEvent | None:
    expected = before.version + 1 if before else 1
    if row.version > expected:
        return BadEvent(row.stream_id, expected, "is missing")
    if row.version < expected:
        return BadEvent(row.stream_id, row.version, "stands before the first")
    fault = _link_fault(before, row) or _hash_fault(row)
    return BadEvent(row.stream_id, row.version, fault) if fault else None


def _link_fault(before: Recorded | None, row: Recorded) -> str | None:
    if row.previous_hash != (before.hash if before else b""):
        return "does not continue the event before it: the previous hash is another"
    if before and row.position <= before.position:
        return "has a position that is not above that of the event before it"
    return None


def _hash_fault(row: Recorded) -> str | None:
    try:
        computed = event_hash(_columns(row), row.previous_hash)
    except (ValueError, RecursionError):  # a year or a number beyond all bounds, a nesting without end
        return "has values that no event can have"
    return None if computed == row.hash else "has a hash that is not that of its columns"


def _columns(row: Recorded) -> dict[str, Any]:
    return {
        **row._asdict(),
        "data": json.loads(row.data),
        "meta": json.loads(row.meta),
        "occurred_at": utc(row.occurred_at),
    }


def _head_fault(last: Recorded) -> BadEvent | None:
    if last.head_version is None:
        return BadEvent(last.stream_id, last.version, "is the last of a stream that has lost its head")
    if last.head_version > last.version:
        return BadEvent(last.stream_id, last.version + 1, f"is missing: the head is at version {last.head_version}")
    if last.head_version < last.version:
        beyond = max(last.head_version, 0) + 1
        return BadEvent(last.stream_id, beyond, f"stands beyond the head, which is at version {last.head_version}")
    if last.head_hash != last.hash:
        return BadEvent(last.stream_id, last.version, "is not the event that the head names")
    return None
