"""Every event there is, found by its type, and read from whatever schema it was written in."""

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from domain.audit import events as audit
from domain.audit.errors import EventBroken, EventTooNew, UnknownEventType
from domain.identity import events as identity
from domain.onboarding import events as onboarding
from domain.practice import events as practice
from domain.shared.events import Event

_MODULES = {"identity": identity, "onboarding": onboarding, "practice": practice, "audit": audit}


def _events_of(module: ModuleType) -> list[type[Event]]:
    classes = (each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Event))
    return [each for each in classes if each.type and each.__module__ == module.__name__]


EVENT_TYPES: Mapping[str, type[Event]] = MappingProxyType(
    {event.type: event for module in _MODULES.values() for event in _events_of(module)}
)
"""Every event class, by its type."""

AREAS: Mapping[str, str] = MappingProxyType(
    {event.aggregate: area for area, module in _MODULES.items() for event in _events_of(module)}
)
"""The area of each kind of stream: `session` belongs to `identity`."""


def area_of(stream_id: str) -> str | None:
    """Return the area of a stream such as `session-0c9f…`; None when no event of ours can be in it."""
    kinds = (kind for kind in AREAS if stream_id.startswith(f"{kind}-"))
    return AREAS[kind] if (kind := next(kinds, None)) else None


def decode(event_type: str, schema_version: int, data: Mapping[str, Any]) -> Event:
    """Return the event that was stored as `data`, in the schema of today.

    Personal values must be plain text or None by now. Raises UnknownEventType, EventTooNew, EventBroken.
    """
    known = EVENT_TYPES.get(event_type)
    if known is None:
        raise UnknownEventType(f"no event has the type {event_type!r}")
    if schema_version > known.schema_version:
        raise EventTooNew(f"{event_type} has schema {schema_version}, and {known.schema_version} is the newest known")
    try:
        fields = dict(data)
        for version in range(schema_version, known.schema_version):
            fields = known.upcasters[version](fields)
        return known.from_dict(fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EventBroken(f"{event_type}: {type(error).__name__}: {error}") from error
