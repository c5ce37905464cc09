"""The page docs/reference/events.md: every event, for readers."""

import inspect
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import fields
from enum import Enum
from typing import Any
from uuid import UUID

from adapters.bus.keys import bus_key
from domain.shared.events import Event
from server.feed.document import events_by_area
from server.feed.entry import ENTRY_FIELDS
from server.feed.schemas import public_fields

_HEAD = """\
# Events

Everything that happens, made from the event classes by `fluentpro asyncapi --markdown`. The same for machines is
[asyncapi.json](asyncapi.json), an AsyncAPI 3.0 document with JSON Schemas; a server has it at `/asyncapi.json`. How to
read the feed: [consume-events.md](../guide/consume-events.md).

## An entry

Each area has a Redis stream. The braces belong to its key. An entry's fields are strings; `data` is a JSON object in
UTF-8 with the fields that the event's table names, all of them.
"""

_NAMES: dict[object, str] = {UUID: "UUID", str: "text", int: "integer", bool: "boolean"}


def events_page() -> str:
    """Return the page as Markdown."""
    areas = events_by_area()
    entry = _table(("field", ""), ((f"`{name}`", about["description"]) for name, about in ENTRY_FIELDS.items()))
    parts = [_HEAD, entry]
    for area, events in areas.items():
        parts += [f"## {area}\n\nStream `{bus_key(area)}`.\n", *map(_event, events)]
    return "\n".join(parts)


def _event(event: type[Event]) -> str:
    first = fields(event)[0].name
    about = " ".join((inspect.getdoc(event) or "").split())
    parts = [
        f"### {event.type}\n\n{about} Schema {event.schema_version}, of the aggregate `{event.aggregate}-<{first}>`.\n",
        _table(("field", "type"), ((f"`{name}`", _type_name(hint)) for name, hint in public_fields(event))),
    ]
    if hidden := event.personal_fields():
        parts.append(f"Personal, and therefore not in the feed: {_listed(hidden)}.\n")
    return "\n".join(parts)


def _type_name(hint: Any) -> str:
    if hint in _NAMES:
        return _NAMES[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return f"one of {_listed(each.value for each in hint)}"
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return f"list of {_type_name(arguments[0])}"
    return f"{_type_name(next(each for each in arguments if each is not types.NoneType))}, or null"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(_lines(head, rows)) + "\n"


def _lines(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"| {head[0]} | {head[1]} |".replace("  ", " ")
    yield "|---|---|"
    for name, text in rows:
        yield f"| {name} | {text} |"
