"""The JSON Schema of an event's data as the feed has it, made from the event's class."""

import types
import typing
from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from typing import Any, cast
from uuid import UUID

from domain.shared.events import Event

Schema = dict[str, Any]

_SCALARS: dict[object, Schema] = {
    UUID: {"type": "string", "format": "uuid"},
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
}


def data_schema(event: type[Event]) -> Schema:
    """Return the schema of the data: every field but the personal ones, all of them always there.

    Further properties are allowed, for a newer schema may bring some. Raises TypeError for a field of a type that
    events do not have.
    """
    properties = {name: _schema(hint) for name, hint in public_fields(event)}
    return {"type": "object", "properties": properties, "required": list(properties)}


def public_fields(event: type[Event]) -> Iterator[tuple[str, Any]]:
    """Yield the name and the type of each field that the feed has, in the order of the class."""
    hints, hidden = typing.get_type_hints(event), event.personal_fields()
    return ((each.name, hints[each.name]) for each in fields(event) if each.name not in hidden)


def _schema(hint: Any) -> Schema:
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"type": "string", "enum": [each.value for each in hint]}
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _schema(arguments[0])}
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return _or_null(_schema(next(each for each in arguments if each is not types.NoneType)))
    raise TypeError(f"events have no fields of the type {hint}")


def _or_null(schema: Schema) -> Schema:
    nullable = {**schema, "type": [schema["type"], "null"]}
    return nullable | {"enum": [*cast("list[str]", schema["enum"]), None]} if "enum" in schema else nullable
