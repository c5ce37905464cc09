"""An event as an entry of the bus, for our own consumers and for other services."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from adapters.bus.keys import bus_key
from adapters.sql.personal_fields import SEALED
from domain.audit.registry import EVENT_TYPES, area_of

MOST_DATA = 64 * 1024
"""Bytes of an event's data that an entry carries; a longer one stays in the store, and the entry says so."""


@dataclass(frozen=True, slots=True)
class Announced:
    """An event that waits in the outbox; `data` is None where it is longer than MOST_DATA."""

    position: int
    stream_id: str
    version: int
    event_id: UUID
    type: str
    schema_version: int
    occurred_at: datetime
    meta: Mapping[str, Any]
    data: Mapping[str, Any] | None

    @property
    def stream(self) -> str | None:
        """The stream of the bus that it goes to; None when no area has such events."""
        area = area_of(self.stream_id)
        return None if area is None else bus_key(area)


def entry_fields(event: Announced) -> list[str | bytes | int]:
    """Return the entry's fields, names and values by turns."""
    fields: dict[str, str | bytes | int] = {
        "event_id": str(event.event_id),
        "type": event.type,
        "schema_version": event.schema_version,
        "stream_id": event.stream_id,
        "version": event.version,
        "position": event.position,
        "occurred_at": event.occurred_at.isoformat(),
        "traceparent": event.meta.get("traceparent") or "",
        "correlation_id": event.meta.get("correlation_id") or "",
        "data": b"" if event.data is None else orjson.dumps(_public(event.type, event.data)),
    }
    if event.data is None:
        fields["data_omitted"] = 1
    return [part for pair in fields.items() for part in pair]


def _public(event_type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is personal: the fields that the class says, and whatever is sealed, of unknown events too."""
    known = EVENT_TYPES.get(event_type)
    personal = known.personal_fields() if known else ()
    return {name: value for name, value in data.items() if name not in personal and not _is_sealed(value)}


def _is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {SEALED}
