"""Domain events: what happened, as values."""

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, ClassVar, Self, cast
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one aggregate.

    A subclass sets `type` ("user.registered") and `aggregate` (the kind of its stream), and its first field is the
    aggregate's id. Fields are str, int, bool, UUID, enums of strings, tuples of them, or None; no secret and no
    personal value is among them.
    """

    type: ClassVar[str] = ""
    schema_version: ClassVar[int] = 1
    aggregate: ClassVar[str] = ""

    @property
    def stream_id(self) -> str:
        """The aggregate's stream, for example `user-0c9f…`: the subclass' first field names the aggregate."""
        return f"{self.aggregate}-{getattr(self, fields(self)[0].name)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {field.name: _to_json(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the event that `to_dict` gave `data`. Raises KeyError for a field that is missing."""
        hints = typing.get_type_hints(cls)
        return cls(**{field.name: _from_json(hints[field.name], data[field.name]) for field in fields(cls)})


def event_types() -> dict[str, type[Event]]:
    """Return every event class that has been imported, by its type."""
    return {found.type: found for found in _concrete(Event)}


def _concrete(cls: type[Event]) -> Iterator[type[Event]]:
    for subclass in cls.__subclasses__():
        yield from _concrete(subclass)
        # `slots=True` makes a second class and leaves the first among the subclasses: the later one wins above.
        if subclass.type:
            yield subclass


def _to_json(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return value


def _from_json(hint: Any, value: Any) -> Any:
    origin = typing.get_origin(hint)
    if value is None or hint is Any:
        return value
    if origin in {typing.Union, types.UnionType}:
        return _from_json(next(arg for arg in typing.get_args(hint) if arg is not type(None)), value)
    if origin is tuple:
        return tuple(_from_json(typing.get_args(hint)[0], item) for item in cast("list[Any]", value))
    return hint(value)
