"""JSON Schemas of the values that have no component of their own: scalars, and the well-known types."""

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.codec.fields import enum_of
from gateway.codec.scalars import NULL_VALUE

Schema = dict[str, Any]

_F = FieldDescriptor
_INT32: Schema = {"type": "integer", "format": "int32"}
_UINT32: Schema = {"type": "integer", "format": "uint32", "minimum": 0}
_INT64: Schema = {"type": "string", "format": "int64"}
_UINT64: Schema = {"type": "string", "format": "uint64"}
_BY_TYPE: dict[int, Schema] = {
    _F.TYPE_DOUBLE: {"type": "number", "format": "double"},
    _F.TYPE_FLOAT: {"type": "number", "format": "float"},
    _F.TYPE_INT32: _INT32,
    _F.TYPE_SINT32: _INT32,
    _F.TYPE_SFIXED32: _INT32,
    _F.TYPE_UINT32: _UINT32,
    _F.TYPE_FIXED32: _UINT32,
    _F.TYPE_INT64: _INT64,
    _F.TYPE_SINT64: _INT64,
    _F.TYPE_SFIXED64: _INT64,
    _F.TYPE_UINT64: _UINT64,
    _F.TYPE_FIXED64: _UINT64,
    _F.TYPE_BOOL: {"type": "boolean"},
    _F.TYPE_STRING: {"type": "string"},
    _F.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
}
_WELL_KNOWN: dict[str, Schema] = {
    "Timestamp": {"type": "string", "format": "date-time"},
    # The format `duration` is ISO 8601's; ProtoJSON writes seconds.
    "Duration": {"type": "string", "pattern": r"^-?\d+(\.\d{1,9})?s$", "examples": ["1.5s"]},
    "FieldMask": {"type": "string", "description": "Names of fields, parted by commas."},
    "Struct": {"type": "object", "additionalProperties": True},
    "Value": {},
    "ListValue": {"type": "array", "items": {}},
    "Any": {"type": "object", "properties": {"@type": {"type": "string"}}, "additionalProperties": True},
}


def scalar_schema(field: FieldDescriptor) -> Schema:
    """Return the schema of a field that is neither message nor enum, as ProtoJSON prints it."""
    return dict(_BY_TYPE[field.type])


def well_known_schema(message: Descriptor) -> Schema | None:
    """Return the schema of a google.protobuf type whose JSON is its own; None for every other type."""
    package, _, name = message.full_name.rpartition(".")
    if package != "google.protobuf":
        return None
    if name in _WELL_KNOWN:
        return dict(_WELL_KNOWN[name])
    wrapped = message.fields_by_name.get("value") if name.endswith("Value") else None
    return scalar_schema(wrapped) if wrapped is not None else None


def is_null(field: FieldDescriptor) -> bool:
    """Tell whether a field is the enum whose only value is null."""
    return field.type == _F.TYPE_ENUM and enum_of(field).full_name == NULL_VALUE
