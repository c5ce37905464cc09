"""Example messages, made of the examples that comments give, so that streams can be shown as they look on the wire."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor
from google.protobuf.message_factory import GetMessageClass

from gateway.codec.fields import enum_of, is_map, message_of
from gateway.openapi import constraints
from gateway.openapi.declarations import Declarations

_MAX_LEVELS = 3  # messages within messages
_MAX_CASES = 3  # as many events as show what differs, and still fit on a screen
_UUID = "7f0c5a52-8f3e-4f0a-9d4e-2b6f1c0e9a11"
_MOMENT = 1_767_348_000  # 2026-01-02T10:00:00Z
_FLOATS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)
_BY_FORMAT = {"uuid": _UUID, "date": "1990-05-17", "email": "aylin.demir@example.com"}


class Samples:
    """Makes example messages."""

    def __init__(self, declarations: Declarations) -> None:
        self._declarations = declarations

    def stream(self, message: Descriptor, response_body: str) -> Iterator[Any]:
        """Yield a few messages of a stream: one for each of the first cases of the shown message's oneof, or one."""
        field = message.fields_by_name[response_body] if response_body else None
        is_part = field is not None and field.message_type is not None and not field.is_repeated
        shown = message_of(field) if field is not None and is_part else message
        oneof = next((each for each in shown.oneofs if len(each.fields) > 1), None)
        for case in _cases(oneof):
            sample = GetMessageClass(message)()
            if field is not None and is_part:
                getattr(sample, field.name).CopyFrom(self.message(shown, case))
            else:
                sample = self.message(message, case)
            yield sample

    def message(self, message: Descriptor, case: str = "", parents: tuple[str, ...] = ()) -> Any:
        """Return an example of a message; `case` names the member of its oneofs to set, else it is the first.

        `parents` are the types of the messages that it is in: none of them stands in itself again.
        """
        sample: Any = GetMessageClass(message)()
        if message.full_name == "google.protobuf.Timestamp":
            sample.seconds = _MOMENT
        elif not message.full_name.startswith("google.protobuf."):
            for field in message.fields:
                if _is_chosen(field, case) and not is_map(field):
                    self._fill(sample, field, (*parents, message.full_name))
        return sample

    def _fill(self, sample: Any, field: FieldDescriptor, parents: tuple[str, ...]) -> None:
        if field.message_type is None:
            value = self._scalar(field)
            if field.is_repeated:
                getattr(sample, field.name).append(value)
            else:
                setattr(sample, field.name, value)
        elif field.message_type.full_name not in parents and len(parents) < _MAX_LEVELS:
            inner = self.message(field.message_type, parents=parents)
            held = getattr(sample, field.name)
            if field.is_repeated:
                held.add().CopyFrom(inner)
            else:
                held.CopyFrom(inner)
                held.SetInParent()  # also when there is nothing in it

    def _scalar(self, field: FieldDescriptor) -> Any:
        if field.enum_type is not None:
            values = enum_of(field).values
            return values[min(1, len(values) - 1)].number
        comment = self._declarations.of(field.containing_type, field.name).comment
        limits = constraints.of_value(field, comment)
        if field.type == field.TYPE_BYTES:
            return b"bytes"
        if field.type == field.TYPE_STRING:
            return _text(field.name, limits)
        if field.type == field.TYPE_BOOL:
            return bool(limits.get("const", False))
        number = min(max(limits.get("minimum", 1), 1), limits.get("maximum", 1))
        return number if field.cpp_type in _FLOATS else int(number)


def _text(name: str, limits: dict[str, Any]) -> str:
    if "examples" in limits or "const" in limits:
        return str(limits["const"] if "const" in limits else limits["examples"][0])
    if limits.get("format") in _BY_FORMAT:
        return _BY_FORMAT[limits["format"]]
    return _UUID if name == "id" or name.endswith("_id") else name


def _cases(oneof: OneofDescriptor | None) -> list[str]:
    return [field.name for field in oneof.fields][:_MAX_CASES] if oneof is not None else [""]


def _is_chosen(field: FieldDescriptor, case: str) -> bool:
    oneof = field.containing_oneof
    if oneof is None or len(oneof.fields) == 1:
        return True
    names = [member.name for member in oneof.fields]
    return field.name == (case if case in names else names[0])
