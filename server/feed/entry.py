"""The fields of a stream's entry, each of them a string, as a JSON Schema."""

from typing import Any

from domain.shared.events import Event

_COUNT = "^[1-9][0-9]*$"
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

ENTRY_FIELDS: dict[str, dict[str, Any]] = {
    "event_id": {
        "format": "uuid",
        "description": "The event's own id. It is the same each time the event is delivered.",
    },
    "type": {"description": "What happened. Pass over a type that you do not know."},
    "schema_version": {
        "pattern": _COUNT,
        "description": "The schema of the data, a number from 1. A newer one may have further fields.",
    },
    "stream_id": {"description": "The aggregate: its kind, a hyphen and its id."},
    "version": {
        "pattern": _COUNT,
        "description": "Counts the events of one aggregate: 1, 2, 3, without a gap. Their order, and what to remember "
        "of an event that was handled.",
    },
    "position": {
        "pattern": _COUNT,
        "description": "Rises with each event of the store, with gaps. For finding an event again, not for order.",
    },
    "occurred_at": {"format": "date-time", "description": "When it happened: ISO 8601, in UTC."},
    "traceparent": {"description": "W3C Trace Context of the request that caused it; empty when there is none."},
    "correlation_id": {
        "description": "The id of the request that caused it, which its answer had as `x-request-id`; "
        "empty when there was none.",
    },
    "data_omitted": {
        "const": "1",
        "description": "There only when the data would be longer than 64 KiB: then the field `data` is empty.",
    },
}
"""Every field beside `data`, in the order in which an entry has them."""

OPTIONAL = frozenset({"data_omitted"})
"""The fields that most entries lack."""


def any_entry_schema() -> dict[str, Any]:
    """Return the schema of any entry's fields without `data`."""
    properties = {name: {"type": "string", **about} for name, about in ENTRY_FIELDS.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in OPTIONAL],
    }


def entry_schema(event: type[Event]) -> dict[str, Any]:
    """Return what is particular to the entries of one event."""
    stream = {"type": "string", "pattern": f"^{event.aggregate}-{_UUID}$"}
    return {"type": "object", "properties": {"type": {"type": "string", "const": event.type}, "stream_id": stream}}
