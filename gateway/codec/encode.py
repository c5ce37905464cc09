"""Messages into JSON values: one function a message type, generated as Python source from its descriptor.

Generated source rather than closures, since what is left to pay is Python's attribute access: one a field, and no loop
over descriptors. The source is made of the image's field names alone, each a checked identifier or quoted.
"""

from collections.abc import Callable
from itertools import count
from keyword import iskeyword
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, OneofDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from gateway.codec import scalars, well_known
from gateway.codec.any_type import any_writer
from gateway.codec.fields import entry_of, is_map
from gateway.codec.names import JsonStyle
from gateway.codec.scalars import F
from gateway.codec.well_known import Write

_WIDE = (*scalars.SIGNED_64, *scalars.UNSIGNED_64)  # written as strings: a double holds 53 bits
_DOUBLE_CALLS = {F.TYPE_DOUBLE: "double_json", F.TYPE_FLOAT: "single_json", F.TYPE_BYTES: "base64_json"}


class Writers:
    """The writers of one pool's messages in one style. A writer returns what orjson can dump, or raises EncodeError."""

    def __init__(self, pool: DescriptorPool, style: JsonStyle) -> None:
        self.pool = pool
        self.style = style
        self._names: dict[str, str] = {}
        self._numbers = count()
        self._scope: dict[str, Any] = {
            "double_json": scalars.double_json,
            "single_json": scalars.single_json,
            "base64_json": scalars.base64_json,
            "is_negative_zero": scalars.is_negative_zero,
        }

    def message(self, descriptor: Descriptor) -> Write:
        """Return the writer of a message type."""
        write: Write = self._scope[self._writer_name(descriptor)]
        return write

    def field(self, field: FieldDescriptor) -> Write:
        """Return the writer of one field's value alone; null for a message or optional value that is absent."""
        name = f"field{next(self._numbers)}"
        value = self._value(field)
        if field.has_presence:
            value = f"({value}) if m.HasField({field.name!r}) else None"
        self._define(name, [f"return {value}"])
        write: Write = self._scope[name]
        return write

    def _writer_name(self, descriptor: Descriptor) -> str:
        known = self._names.get(descriptor.full_name)
        if known is not None:
            return known
        name = self._names[descriptor.full_name] = f"message{next(self._numbers)}"
        special = self._special(descriptor)
        if special is None:
            self._define(name, self._body(descriptor))
        else:
            self._scope[name] = special
        return name

    def _special(self, descriptor: Descriptor) -> Write | None:
        if descriptor.full_name == well_known.ANY:
            return any_writer(self.pool, self.message)
        if descriptor.full_name in well_known.WRAPPERS:
            return self._wrapper(descriptor.fields_by_name["value"])
        return well_known.writer(descriptor, self.style)

    def _wrapper(self, value: FieldDescriptor) -> Write:
        name = f"wrapper{next(self._numbers)}"
        self._define(name, [f"return {self._single(value, 'm.value')}"])
        write: Write = self._scope[name]
        return write

    def _define(self, name: str, body: list[str]) -> None:
        source = f"def {name}(m):\n" + "".join(f"    {line}\n" for line in body)
        exec(compile(source, f"<writer {name}>", "exec"), self._scope)  # noqa: S102  # made of descriptors alone

    def _body(self, descriptor: Descriptor) -> list[str]:
        lines = ["o = {}"]
        written: set[str] = set()
        for field in descriptor.fields:
            oneof = field.containing_oneof
            if oneof is None or len(oneof.fields) == 1:
                lines += self._statements(field)
            elif oneof.name not in written:
                written.add(oneof.name)
                lines += self._choice(oneof)
        return [*lines, "return o"]

    def _statements(self, field: FieldDescriptor) -> list[str]:
        put = f"o[{self.style.name(field)!r}] = "
        if field.has_presence:
            return [f"if m.HasField({field.name!r}):", f"    {put}{self._value(field)}"]
        if self.style.print_defaults:
            return [f"{put}{self._value(field)}"]
        if field.is_repeated:
            return [f"if {_attribute(field)}:", f"    {put}{self._value(field)}"]
        is_set = "v or is_negative_zero(v)" if field.type in (F.TYPE_DOUBLE, F.TYPE_FLOAT) else "v"
        return [f"v = {_attribute(field)}", f"if {is_set}:", f"    {put}{self._single(field, 'v')}"]

    def _choice(self, oneof: OneofDescriptor) -> list[str]:
        """Write the one member that is set, found by a table rather than by asking for each."""
        table = f"oneof{next(self._numbers)}"
        self._scope[table] = {field.name: (self.style.name(field), self._lambda(field)) for field in oneof.fields}
        return [
            f"w = m.WhichOneof({oneof.name!r})",
            "if w is not None:",
            f"    k, f = {table}[w]",
            "    o[k] = f(m)",
        ]

    def _lambda(self, field: FieldDescriptor) -> Callable[[Any], Any]:
        name = f"member{next(self._numbers)}"
        self._define(name, [f"return {self._value(field)}"])
        member: Callable[[Any], Any] = self._scope[name]
        return member

    def _value(self, field: FieldDescriptor) -> str:
        """Return the expression for a field's whole value, out of the message `m`."""
        source = _attribute(field)
        if not field.is_repeated:
            return self._single(field, source)
        if is_map(field):
            key, value = entry_of(field)
            return f"{{{_key(key)}: {self._single(value, 'x')} for k, x in sorted({source}.items())}}"
        item = self._single(field, "x")
        return f"list({source})" if item == "x" else f"[{item} for x in {source}]"

    def _single(self, field: FieldDescriptor, source: str) -> str:
        """Return the expression for one element that the expression `source` gives."""
        if field.message_type is not None:
            return f"{self._writer_name(field.message_type)}({source})"
        if field.enum_type is not None:
            return self._enum(field.enum_type, source)
        if field.type in _WIDE:
            return f"str({source})"
        call = _DOUBLE_CALLS.get(field.type)
        return f"{call}({source})" if call else source

    def _enum(self, descriptor: EnumDescriptor, source: str) -> str:
        if descriptor.full_name == scalars.NULL_VALUE:
            return "None"
        table = self._names.setdefault(descriptor.full_name, f"enum{next(self._numbers)}")
        # The first name of a number wins; a number without a name stays one.
        self._scope[table] = {value.number: value.name for value in reversed(descriptor.values)}
        return f"{table}.get({source}, {source})"


def _attribute(field: FieldDescriptor) -> str:
    plain = field.name.isidentifier() and not iskeyword(field.name)
    return f"m.{field.name}" if plain else f"getattr(m, {field.name!r})"


def _key(field: FieldDescriptor) -> str:
    if field.type == F.TYPE_STRING:
        return "k"
    return "'true' if k else 'false'" if field.type == F.TYPE_BOOL else "str(k)"
