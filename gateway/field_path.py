"""Fields named by a dotted path, and set from the text of a path or query."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.codec.decode import Readers
from gateway.codec.fault import Fault
from gateway.codec.fields import entry_of, is_map, message_of
from gateway.codec.names import JsonStyle
from gateway.codec.scalars import map_key, text_converter
from gateway.codec.well_known import SPECIAL, TEXT_FORMS, WRAPPERS

SetText = Callable[[Any, str], None]
"""Sets a field of a message (first) from text (second); raises Fault."""
Fields = tuple[FieldDescriptor, ...]


@dataclass(frozen=True, slots=True)
class TextField:
    """A field that text can set. `name` is its path in the .proto's names; the same for every spelling."""

    name: str
    fields: Fields
    set: SetText
    is_repeated: bool = False

    def set_as(self, message: Any, text: str, other: str) -> None:
        """Set the field, which may be set already, but then only to the same value; `other` says by what."""
        before = self._value(message) if self._is_set(message) else None
        self.set(message, text)
        if before is not None and self._value(message) != before:
            raise Fault(f"differs from what {other} says", "CONFLICTING_VALUES")

    def _value(self, message: Any) -> Any:
        for field in self.fields:
            message = getattr(message, field.name)
        return message if self.fields[-1].message_type is None else message.SerializeToString()

    def _is_set(self, message: Any) -> bool:
        *parents, leaf = self.fields
        for field in parents:
            message = getattr(message, field.name)
        return bool(message.HasField(leaf.name) if leaf.has_presence else getattr(message, leaf.name))


def resolve(message: Descriptor, path: str, style: JsonStyle) -> Fields:
    """Return the fields along a dotted path, in either spelling; Fault when it leads nowhere."""
    fields: list[FieldDescriptor] = []
    scope: Descriptor | None = message
    for name in path.split("."):
        if scope is None or (scope.full_name in SPECIAL and scope.full_name not in WRAPPERS):
            raise Fault(f"{fields[-1].name} has no fields")
        if fields and fields[-1].is_repeated:
            raise Fault(f"{fields[-1].name} is repeated: nothing goes through it")
        field = style.field(scope, name)
        if field is None:
            raise Fault(f"there is no field {name!r}")
        fields.append(field)
        scope = field.message_type
    return _without_wrapped(tuple(fields))


def text_field(fields: Fields, readers: Readers, entry: str | None = None) -> TextField:
    """Return the setter of a field, or of the entry of a map; Fault when no text can stand for its type."""
    *parents, leaf = fields
    name = ".".join(field.name for field in fields)
    if is_map(leaf):
        if entry is None:
            raise Fault("a map's entry is written as field[key]")
        put = _map_entry(leaf, entry, readers)
        name = f"{name}[{entry}]"
    elif entry is not None:
        raise Fault("the field is no map")
    else:
        put = _repeated(leaf, readers) if leaf.is_repeated else _singular(leaf, readers)
    return TextField(name, fields, _within(parents, put), leaf.is_repeated and entry is None)


def _without_wrapped(fields: Fields) -> Fields:
    """Let `wrapper.value` mean the wrapper."""
    if len(fields) > 1 and message_of(fields[-2]).full_name in WRAPPERS:
        return fields[:-1]
    return fields


def _within(parents: list[FieldDescriptor], put: SetText) -> SetText:
    if not parents:
        return put
    steps = [(field.name, _oneof(field)) for field in parents]

    def set_text(message: Any, text: str) -> None:
        for name, oneof in steps:
            _check_choice(message, oneof, name)
            message = getattr(message, name)
        message.SetInParent()
        put(message, text)

    return set_text


def _singular(field: FieldDescriptor, readers: Readers) -> SetText:
    name, oneof = field.name, _oneof(field)
    fill = _message_filler(field, readers) if field.message_type is not None else None
    convert = text_converter(field, readers.style) if fill is None else None

    def set_text(message: Any, text: str) -> None:
        if oneof:
            _check_choice(message, oneof, name)
        if convert is not None:
            setattr(message, name, convert(text))
        elif fill is not None:
            child = getattr(message, name)
            child.Clear()  # a mask would add to what is there
            child.SetInParent()
            fill(child, text)

    return set_text


def _repeated(field: FieldDescriptor, readers: Readers) -> SetText:
    name = field.name
    if field.message_type is not None:
        fill = _message_filler(field, readers)
        return lambda message, text: fill(getattr(message, name).add(), text)
    convert = text_converter(field, readers.style)
    return lambda message, text: getattr(message, name).append(convert(text))


def _map_entry(field: FieldDescriptor, entry: str, readers: Readers) -> SetText:
    name = field.name
    key_field, value = entry_of(field)
    key = map_key(key_field)(entry)
    if value.message_type is not None:
        fill = _message_filler(value, readers)
        return lambda message, text: fill(getattr(message, name)[key], text)
    convert = text_converter(value, readers.style)
    return lambda message, text: getattr(message, name).__setitem__(key, convert(text))


def _message_filler(field: FieldDescriptor, readers: Readers) -> SetText:
    """Return what fills a message from text: for the types whose JSON is one string or one scalar."""
    message = message_of(field)
    kind = message.full_name
    if kind in TEXT_FORMS:
        fill = readers.message(message)
        return lambda child, text: fill(text, child)
    if kind not in WRAPPERS:
        raise Fault("a message cannot be given as text")
    convert = text_converter(message.fields_by_name["value"])
    return lambda child, text: setattr(child, "value", convert(text))


def _oneof(field: FieldDescriptor) -> str:
    return field.containing_oneof.name if field.containing_oneof is not None else ""


def _check_choice(message: Any, oneof: str, name: str) -> None:
    if oneof and (other := message.WhichOneof(oneof)) not in (None, name):
        raise Fault(f"only one of {oneof} may be set, and {other} is")
