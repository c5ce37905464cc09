"""The google.protobuf types that have a JSON form of their own: readers that fill a message, and writers.

Any is not here: its form depends on the types of the image (`any_type.py`).
"""

from collections.abc import Callable
from math import isfinite
from typing import Any

from google.protobuf.descriptor import Descriptor

from gateway.codec.containers import Fill, fill_messages
from gateway.codec.fault import EncodeError, Fault
from gateway.codec.names import JsonStyle
from gateway.codec.scalars import converter, double, double_json, text
from gateway.codec.times import format_duration, format_timestamp, parse_duration, parse_timestamp

Write = Callable[[Any], Any]
"""Returns the JSON value of a message; raises EncodeError."""

VALUE = "google.protobuf.Value"
ANY = "google.protobuf.Any"
WRAPPERS = frozenset(
    f"google.protobuf.{kind}Value"
    for kind in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
)
TEXT_FORMS = frozenset(f"google.protobuf.{kind}" for kind in ("Timestamp", "Duration", "FieldMask"))
"""Types whose JSON is a string, so that a path or a query can hold them."""
_STRUCTS = frozenset(f"google.protobuf.{kind}" for kind in ("Struct", "Value", "ListValue"))
SPECIAL = TEXT_FORMS | WRAPPERS | _STRUCTS | {ANY}
"""Types whose JSON is not an object of their fields; inside an Any they stand under `value`."""


def reader(message: Descriptor, style: JsonStyle) -> Fill | None:
    """Return the reader of a well-known type; None for every other type."""
    name = message.full_name
    if name in WRAPPERS:
        return _wrapper_reader(message)
    if name == "google.protobuf.FieldMask":
        return lambda value, mask: fill_mask(value, mask, style)
    return _READERS.get(name)


def writer(message: Descriptor, style: JsonStyle) -> Write | None:
    """Return the writer of a well-known type; None for every other type, and for wrappers."""
    if message.full_name == "google.protobuf.FieldMask":
        return lambda mask: ",".join(map(style.mask_text, mask.paths))
    return _WRITERS.get(message.full_name)


def fill_timestamp(value: Any, message: Any) -> None:
    """Fill a Timestamp from RFC 3339 text."""
    message.seconds, message.nanos = parse_timestamp(value)


def fill_duration(value: Any, message: Any) -> None:
    """Fill a Duration from text such as `1.5s`."""
    message.seconds, message.nanos = parse_duration(value)


def fill_mask(value: Any, message: Any, style: JsonStyle) -> None:
    """Fill a FieldMask from its paths, parted by commas."""
    joined = text(value)
    message.SetInParent()
    message.paths.extend(style.mask_path(path) for path in joined.split(",") if joined)


def fill_struct(value: Any, message: Any) -> None:
    """Fill a Struct from an object."""
    if type(value) is not dict:
        raise Fault("an object is expected")
    message.SetInParent()
    fields = message.fields
    for key, item in value.items():
        try:
            fill_value(item, fields[text(key)])
        except Fault as fault:
            raise fault.under(key)  # noqa: B904  # the same one


def fill_list(value: Any, message: Any) -> None:
    """Fill a ListValue from an array."""
    message.SetInParent()
    fill_messages(value, message.values, fill_value)


def fill_value(value: Any, message: Any) -> None:
    """Fill a Value from any JSON value."""
    kind = type(value)
    if kind is str:
        message.string_value = text(value)
    elif kind is dict:
        fill_struct(value, message.struct_value)
    elif kind is list:
        fill_list(value, message.list_value)
    elif kind is bool:
        message.bool_value = value
    elif value is None:
        message.null_value = 0
    else:
        message.number_value = double(value)


def value_json(message: Any) -> Any:
    """Return the JSON of a Value; an empty one is null."""
    kind = message.WhichOneof("kind")
    if kind is None or kind == "null_value":
        return None
    inner = getattr(message, kind)
    if kind == "struct_value":
        return struct_json(inner)
    if kind == "list_value":
        return list_json(inner)
    if kind == "number_value" and not isfinite(inner):
        raise EncodeError(f"a Value cannot hold {double_json(inner)} in JSON")
    return inner


def struct_json(message: Any) -> dict[str, Any]:
    """Return the JSON of a Struct, its keys sorted."""
    fields = message.fields
    return {key: value_json(fields[key]) for key in sorted(fields)}


def list_json(message: Any) -> list[Any]:
    """Return the JSON of a ListValue."""
    return [value_json(item) for item in message.values[:]]


def _wrapper_reader(message: Descriptor) -> Fill:
    convert = converter(message.fields_by_name["value"])

    def fill(value: Any, wrapper: Any) -> None:
        wrapper.value = convert(value)

    return fill


_READERS: dict[str, Fill] = {
    "google.protobuf.Timestamp": fill_timestamp,
    "google.protobuf.Duration": fill_duration,
    "google.protobuf.Struct": fill_struct,
    "google.protobuf.ListValue": fill_list,
    VALUE: fill_value,
}
_WRITERS: dict[str, Write] = {
    "google.protobuf.Timestamp": lambda message: format_timestamp(message.seconds, message.nanos),
    "google.protobuf.Duration": lambda message: format_duration(message.seconds, message.nanos),
    "google.protobuf.Struct": struct_json,
    "google.protobuf.ListValue": list_json,
    VALUE: value_json,
}
