"""The AsyncAPI document of the feed: a channel for each area, a message for each event."""

import inspect
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from adapters.bus.keys import bus_key
from domain.audit.registry import AREAS, EVENT_TYPES
from domain.shared.events import Event
from server.feed.entry import any_entry_schema, entry_schema
from server.feed.schemas import data_schema

FEED_VERSION = "1"
"""The form of the entries. Events have versions of their own, in `schema_version`."""

_INFO = """\
What happens in FluentPro, as entries of Redis streams. An entry's field `data` is the payload, a JSON object; its other
fields, all of them strings, are the headers.

At-least-once delivery, order per aggregate. An entry may come more than once, so remember `stream_id` and `version` in
the transaction of its effect. Pass over types that you do not know. Personal values are not in the feed."""

_KEY = "The braces are part of the stream's key: they are its hash tag."


def events_by_area() -> dict[str, list[type[Event]]]:
    """Return the events of each area, areas and events by their names."""
    events = sorted(EVENT_TYPES.values(), key=lambda event: (AREAS[event.aggregate], event.type))
    return {area: list(group) for area, group in groupby(events, lambda event: AREAS[event.aggregate])}


def asyncapi_document() -> dict[str, Any]:
    """Return the document, as AsyncAPI 3.0 has it."""
    areas = events_by_area()
    events = [event for group in areas.values() for event in group]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "FluentPro's events", "version": FEED_VERSION, "description": _INFO},
        "defaultContentType": "application/json",
        "servers": {"bus": _server()},
        "channels": {area: _channel(area, group) for area, group in areas.items()},
        "operations": {f"send_{area}": _operation(area) for area in areas},
        "components": {
            "messages": {event.type: _message(event) for event in events},
            "schemas": {"entry": any_entry_schema(), **{event.type: data_schema(event) for event in events}},
        },
    }


def _server() -> dict[str, Any]:
    address = {"default": "localhost:6379", "description": "Host and port of Redis or Valkey."}
    return {
        "host": "{address}",
        "protocol": "redis",
        "description": "The engine that FLUENTPRO_REDIS_URL names.",
        "variables": {"address": address},
    }


def _channel(area: str, events: Iterable[type[Event]]) -> dict[str, Any]:
    # AsyncAPI reads braces in an address as a parameter. This one's only value puts the same braces in its place.
    key = {"enum": [f"{{{area}}}"], "default": f"{{{area}}}", "description": _KEY}
    return {
        "address": bus_key(area),
        "description": f"The stream of all events of the area {area}.",
        "parameters": {area: key},
        "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"} for event in events},
    }


def _operation(area: str) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{area}"}, "summary": f"FluentPro adds events of {area}."}


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.type,
        "title": event.__name__,
        "description": inspect.getdoc(event),
        "headers": {"allOf": [{"$ref": "#/components/schemas/entry"}, entry_schema(event)]},
        "correlationId": {"location": "$message.header#/correlation_id"},
        "payload": {"$ref": f"#/components/schemas/{event.type}"},
        "x-schema-version": event.schema_version,
        **({"x-personal-fields": list(event.personal_fields())} if event.personal_fields() else {}),
    }
