"""A log entry as the fields of a stream entry, and back.

A delta, by far the most frequent, is `d` (its text). Any other event is `e` (its kind) and `v` (its values as JSON).
`f` is the first sequence of joined deltas, left out when it is the entry's own. Each name appears once: the client
keeps only the last of repeated names.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from domain.practice.reply import (
    Accepted,
    Cancelled,
    Completed,
    Failed,
    LogEntry,
    Position,
    ReplyEvent,
    Reset,
    Snapshot,
    Started,
    TextDelta,
    TokenUsage,
)

_EVENTS: Final[dict[bytes, type[ReplyEvent]]] = {
    b"accepted": Accepted,
    b"started": Started,
    b"snapshot": Snapshot,
    b"reset": Reset,
    b"usage": TokenUsage,
    b"completed": Completed,
    b"cancelled": Cancelled,
    b"failed": Failed,
}
_KINDS = {event: kind for kind, event in _EVENTS.items()}


def entry_id(position: Position) -> str:
    """Return the stream's id for `position`."""
    return f"{position.attempt}-{position.sequence}"


def position_of(stream_id: bytes) -> Position:
    """Return what `entry_id` was given."""
    attempt, _, sequence = stream_id.partition(b"-")
    return Position(int(attempt), int(sequence))


def encode(entry: LogEntry) -> tuple[str | bytes | int, ...]:
    """Return the fields of `entry` as they follow one another: a name, its value, the next name."""
    event = entry.event
    if not isinstance(event, TextDelta):
        return ("e", _KINDS[type(event)], "v", orjson.dumps(event, default=str))  # asyncpg has a UUID class of its own
    if entry.first == entry.position.sequence:
        return ("d", event.text)
    return ("d", event.text, "f", entry.first)


def decode(stream_id: bytes, fields: Mapping[bytes, bytes]) -> LogEntry:
    """Return the entry that `encode` was given."""
    position = position_of(stream_id)
    first = int(fields.get(b"f", position.sequence))
    text = fields.get(b"d")
    event = TextDelta(text.decode()) if text is not None else _event(fields[b"e"], orjson.loads(fields[b"v"]))
    return LogEntry(position, first, event)


def _event(kind: bytes, values: dict[str, Any]) -> ReplyEvent:
    if values.get("turn_id"):
        values["turn_id"] = UUID(values["turn_id"])
    return _EVENTS[kind](**values)
