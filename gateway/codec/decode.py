"""JSON values into messages: one reader a message type, compiled once from its descriptor."""

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from gateway.codec import well_known
from gateway.codec.any_type import any_reader
from gateway.codec.fault import UNKNOWN_FIELD, Fault
from gateway.codec.fields import entry_of, is_map
from gateway.codec.names import JsonStyle
from gateway.codec.scalars import NULL_VALUE, converter, map_key
from gateway.codec.well_known import Fill

Setter = Callable[[Any, Any], None]
"""Sets one field of a message (first) from a JSON value (second)."""


class Readers:
    """The readers of one pool's messages in one style. A reader fills an empty message, or raises Fault."""

    def __init__(self, pool: DescriptorPool, style: JsonStyle) -> None:
        self.pool = pool
        self.style = style
        self._fills: dict[str, Fill] = {}

    def message(self, descriptor: Descriptor) -> Fill:
        """Return the reader of a message type."""
        known = self._fills.get(descriptor.full_name)
        if known is not None:
            return known
        if descriptor.full_name == well_known.ANY:
            return any_reader(self.pool, self.message)
        special = well_known.reader(descriptor, self.style)
        return special or self._object(descriptor)

    def field(self, field: FieldDescriptor) -> Setter:
        """Return what sets one field; null leaves it unset."""
        if is_map(field):
            return self._map(field)
        if field.is_repeated:
            return self._repeated(field)
        setter = self._singular(field)
        oneof = field.containing_oneof
        return setter if oneof is None else _member(setter, oneof.name, field)

    def _object(self, descriptor: Descriptor) -> Fill:
        primary: dict[str, Setter] = {}
        others: dict[str, tuple[str, Setter]] = {}
        fill = _object_reader(primary, others, ignore_unknown=self.style.ignore_unknown)
        self._fills[descriptor.full_name] = fill  # before its fields: a message may hold itself
        for field in descriptor.fields:
            setter = self.field(field)
            name, *spellings = self.style.spellings(field)
            primary[name] = setter
            others.update((spelling, (name, setter)) for spelling in spellings)
        return fill

    def _singular(self, field: FieldDescriptor) -> Setter:
        if field.message_type is not None:
            return _message_setter(field, self.message(field.message_type))
        return _scalar_setter(field.name, converter(field), takes_null=_takes_null(field))

    def _repeated(self, field: FieldDescriptor) -> Setter:
        if field.message_type is None:
            return _scalars_setter(field.name, converter(field))
        return _messages_setter(field, self.message(field.message_type))

    def _map(self, field: FieldDescriptor) -> Setter:
        key, value = entry_of(field)
        read_key = map_key(key)
        if value.message_type is None:
            return _scalar_map_setter(field.name, read_key, converter(value))
        return _message_map_setter(field.name, read_key, value, self.message(value.message_type))


def _object_reader(primary: dict[str, Setter], others: dict[str, tuple[str, Setter]], *, ignore_unknown: bool) -> Fill:
    def find(key: str, value: dict[str, Any]) -> Setter | None:
        other = others.get(key)
        if other is None:
            if ignore_unknown:
                return None
            raise Fault("there is no such field", UNKNOWN_FIELD)
        if any(spelling in value for spelling in (other[0], *_twins(others, other[0], key))):
            raise Fault(f"is {other[0]} in another spelling, which is there too")
        return other[1]

    def fill(value: Any, message: Any) -> None:
        if type(value) is not dict:
            raise Fault("an object is expected")
        for key, item in value.items():
            try:
                setter = primary.get(key) or find(key, value)
                if setter is not None:
                    setter(message, item)
            except Fault as fault:
                fault.under(key)
                raise

    return fill


def _twins(others: dict[str, tuple[str, Setter]], name: str, key: str) -> list[str]:
    return [spelling for spelling, (of, _) in others.items() if of == name and spelling != key]


def _takes_null(field: FieldDescriptor) -> bool:
    if field.message_type is not None:
        return bool(field.message_type.full_name == well_known.VALUE)
    return field.enum_type is not None and field.enum_type.full_name == NULL_VALUE


def _scalar_setter(name: str, convert: Callable[[Any], Any], *, takes_null: bool) -> Setter:
    def set_scalar(message: Any, value: Any) -> None:
        if value is not None or takes_null:
            setattr(message, name, convert(value))

    return set_scalar


def _message_setter(field: FieldDescriptor, fill: Fill) -> Setter:
    name, takes_null = field.name, _takes_null(field)

    def set_message(message: Any, value: Any) -> None:
        if value is not None or takes_null:
            child = getattr(message, name)
            child.SetInParent()
            fill(value, child)

    return set_message


def _member(setter: Setter, oneof: str, field: FieldDescriptor) -> Setter:
    takes_null = _takes_null(field)

    def set_member(message: Any, value: Any) -> None:
        if value is None and not takes_null:
            return
        other = message.WhichOneof(oneof)
        if other is not None:
            raise Fault(f"only one of {oneof} may be set, and {other} is")
        setter(message, value)

    return set_member


def _scalars_setter(name: str, convert: Callable[[Any], Any]) -> Setter:
    def set_scalars(message: Any, value: Any) -> None:
        if value is None:
            return
        items = _array(value)
        try:
            getattr(message, name).extend([convert(item) for item in items])
        except Fault:
            _blame_item(convert, items)

    return set_scalars


def _blame_item(convert: Callable[[Any], Any], items: list[Any]) -> None:
    """Raise the fault of the first bad item, with its index (kept off the way of good input)."""
    for index, item in enumerate(items):
        try:
            convert(item)
        except Fault as fault:
            fault.under(f"[{index}]")
            raise


def _messages_setter(field: FieldDescriptor, fill: Fill) -> Setter:
    name, takes_null = field.name, _takes_null(field)

    def set_messages(message: Any, value: Any) -> None:
        if value is None:
            return
        add = getattr(message, name).add
        for index, item in enumerate(_array(value)):
            try:
                fill(_not_null(item, takes_null=takes_null), add())
            except Fault as fault:
                fault.under(f"[{index}]")
                raise

    return set_messages


def _scalar_map_setter(name: str, read_key: Callable[[str], Any], convert: Callable[[Any], Any]) -> Setter:
    def set_map(message: Any, value: Any) -> None:
        if value is None:
            return
        entries = getattr(message, name)
        for text_key, item in _entries(value):
            try:
                entries[_new_key(read_key(text_key), entries)] = convert(item)
            except Fault as fault:
                fault.under(f"[{text_key}]")
                raise

    return set_map


def _message_map_setter(name: str, read_key: Callable[[str], Any], field: FieldDescriptor, fill: Fill) -> Setter:
    takes_null = _takes_null(field)

    def set_map(message: Any, value: Any) -> None:
        if value is None:
            return
        entries = getattr(message, name)
        for text_key, item in _entries(value):
            try:
                key = _new_key(read_key(text_key), entries)
                fill(_not_null(item, takes_null=takes_null), entries[key])
            except Fault as fault:
                fault.under(f"[{text_key}]")
                raise

    return set_map


def _new_key(key: Any, entries: Any) -> Any:
    if key in entries:
        raise Fault("the key stands twice in one map")
    return key


def _not_null(value: Any, *, takes_null: bool) -> Any:
    if value is None and not takes_null:
        raise Fault("null may not stand here")
    return value


def _array(value: Any) -> list[Any]:
    if type(value) is list:
        return value
    raise Fault("an array is expected")


def _entries(value: Any) -> Any:
    if type(value) is dict:
        return value.items()
    raise Fault("an object is expected")
