"""Domain events: what happened, as values."""

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Self, TypeAlias, cast
from uuid import UUID

Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the fields of one schema into those of the next."""


def personal() -> Any:
    """Mark a field as a person's own: it is stored encrypted with their key, and erased with it.

    Its type is a str or None: None is what is left of it after the person was erased. An event with such a field names
    the person in `user_id`.
    """
    return field(metadata=_PERSONAL)


_PERSONAL = types.MappingProxyType({"personal": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one aggregate.

    A subclass sets `type` ("user.registered") and `aggregate` (the kind of its stream), and its first field is the
    aggregate's id. Fields are str, int, bool, UUID, enums of strings, tuples of them, or None. No secret is among them,
    and personal values only in fields marked `personal()`. Where `schema_version` is above 1, `upcasters` leads there
    from each older one.
    """

    type: ClassVar[str] = ""
    schema_version: ClassVar[int] = 1
    aggregate: ClassVar[str] = ""
    upcasters: ClassVar[Mapping[int, Upcaster]] = types.MappingProxyType({})

    @property
    def stream_id(self) -> str:
        """The aggregate's stream, for example `user-0c9f…`: the subclass' first field names the aggregate."""
        return f"{self.aggregate}-{getattr(self, fields(self)[0].name)}"

    @classmethod
    def personal_fields(cls) -> tuple[str, ...]:
        """Return the names of the fields that are a person's own."""
        return tuple(each.name for each in fields(cls) if "personal" in each.metadata)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {each.name: _to_json(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the event that `to_dict` gave `data`. Raises KeyError for a field that is missing."""
        hints = _hints(cast("Any", cls))
        return cls(**{each.name: _from_json(hints[each.name], data[each.name]) for each in fields(cls)})


@cache
def _hints(cls: Any) -> Mapping[str, Any]:
    return typing.get_type_hints(cls)


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
