"""Messages into JSON values: one function a message type, generated as Python source from its descriptor.

For `message Turn { string id = 1; repeated Partner partners = 2; optional int64 size = 3; Time at = 4; }`:

    def message1(m):
        o = {}
        has = m.HasField
        v = m.id
        if v:
            o['id'] = v
        v = m.partners[:]
        if v:
            o['partners'] = [*map(message2, v)]
        if has('size'):
            v = m.size
            o['size'] = str(v)
        if has('at'):
            o['at'] = message3(m.at)
        return o
"""

from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, OneofDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from gateway.codec import scalars, well_known
from gateway.codec.any_type import any_writer
from gateway.codec.fields import entry_of, is_map
from gateway.codec.names import JsonStyle
from gateway.codec.scalars import F
from gateway.codec.source import Source
from gateway.codec.well_known import Write

_FLOATS = (F.TYPE_DOUBLE, F.TYPE_FLOAT)
_CALLS = {
    F.TYPE_DOUBLE: "double_json",
    F.TYPE_FLOAT: "single_json",
    F.TYPE_BYTES: "base64_json",
    **dict.fromkeys(scalars.WIDE, "str"),
}


class Writers:
    """The writers of one pool's messages in one style. A writer returns what `dump` writes, or raises EncodeError."""

    def __init__(self, pool: DescriptorPool, style: JsonStyle) -> None:
        self.pool = pool
        self.style = style
        self._names: dict[str, str] = {}
        self._extensions: dict[str, Write] = {}
        self._source = Source(
            double_json=scalars.double_json,
            single_json=scalars.single_json,
            base64_json=scalars.base64_json,
            is_negative_zero=scalars.is_negative_zero,
            write_extensions=self._write_extensions,
        )

    def message(self, descriptor: Descriptor) -> Write:
        """Return the writer of a message type."""
        write: Write = self._source[self._message(descriptor)]
        return write

    def field(self, field: FieldDescriptor) -> Write:
        """Return the writer of one field's value alone; null for a message or optional value that is absent."""
        absent = [f"if not m.HasField({field.name!r}):", "    return None"] if field.has_presence else []
        return self._function("field", "m", [*absent, f"v = {self._read(field)}", f"return {self._value(field)}"])

    def _message(self, descriptor: Descriptor) -> str:
        """Return the name of a message type's writer."""
        known = self._names.get(descriptor.full_name)
        if known is not None:
            return known
        name = self._names[descriptor.full_name] = self._source.name("message")  # before its fields: it may hold itself
        special = self._special(descriptor)
        if special is None:
            self._source.define(name, "m", self._body(descriptor))
        else:
            self._source.put(name, special)
        return name

    def _special(self, descriptor: Descriptor) -> Write | None:
        if descriptor.full_name == well_known.ANY:
            return any_writer(self.pool, self.message)
        if descriptor.full_name in well_known.WRAPPERS:
            value = descriptor.fields_by_name["value"]
            return self._function("wrapper", "m", ["v = m.value", f"return {self._single(value, 'v')}"])
        return well_known.writer(descriptor, self.style)

    def _function(self, kind: str, parameters: str, body: list[str]) -> Write:
        write: Write = self._source.define(self._source.name(kind), parameters, body)
        return write

    def _body(self, descriptor: Descriptor) -> list[str]:
        lines: list[str] = []
        choices: set[str] = set()
        for field in descriptor.fields:
            oneof = field.containing_oneof
            if oneof is None or len(oneof.fields) == 1:
                lines += self._statements(field)
            elif oneof.name not in choices:
                choices.add(oneof.name)
                lines += self._choice(oneof)
        if any("has(" in line for line in lines):
            lines.insert(0, "has = m.HasField")  # a message looks its own methods up slowly
        if descriptor.is_extendable:
            lines.append("write_extensions(m, o)")
        return ["o = {}", *lines, "return o"]

    def _statements(self, field: FieldDescriptor) -> list[str]:
        put = f"o[{self.style.name(field)!r}] = {self._value(field)}"
        read = f"v = {self._read(field)}"
        if field.has_presence:
            return [f"if has({field.name!r}):", f"    {read}", f"    {put}"]
        if self.style.print_defaults:
            return [read, put]
        is_set = "v or is_negative_zero(v)" if field.type in _FLOATS and not field.is_repeated else "v"
        return [read, f"if {is_set}:", f"    {put}"]

    def _choice(self, oneof: OneofDescriptor) -> list[str]:
        """Write the one member that is set, found by a table rather than by asking for each."""
        members = {field.name: (self.style.name(field), self._member(field)) for field in oneof.fields}
        table = self._source.bind("oneof", members)
        return [
            f"w = m.WhichOneof({oneof.name!r})",
            "if w is not None:",
            f"    k, f = {table}[w]",
            "    o[k] = f(m)",
        ]

    def _member(self, field: FieldDescriptor) -> Write:
        return self._function("member", "m", [f"v = {self._read(field)}", f"return {self._value(field)}"])

    def _read(self, field: FieldDescriptor) -> str:
        """Return the expression that takes a field's value out of `m`: of a list all at once, which is far faster."""
        value = self._source.value(field)
        return f"{value}[:]" if field.is_repeated and not is_map(field) else value

    def _value(self, field: FieldDescriptor) -> str:
        """Return the expression for the JSON of a field's whole value, which is `v`."""
        if is_map(field):
            key, value = entry_of(field)
            return f"{{{_key(key)}: {self._single(value, 'v[k]')} for k in sorted(v)}}"
        if not field.is_repeated:
            return self._single(field, "v")
        if field.message_type is not None:
            return f"[*map({self._message(field.message_type)}, v)]"
        item = self._single(field, "x")
        return "v" if item == "x" else f"[{item} for x in v]"

    def _single(self, field: FieldDescriptor, source: str) -> str:
        """Return the expression for the JSON of one element, which the expression `source` gives."""
        if field.message_type is not None:
            return f"{self._message(field.message_type)}({source})"
        if field.enum_type is not None:
            return self._enum(field.enum_type, source)
        if field.type == F.TYPE_DOUBLE and source.isidentifier():  # else it would be evaluated thrice
            return f"{source} if {source} - {source} == 0 else double_json({source})"
        call = _CALLS.get(field.type)
        return f"{call}({source})" if call else source

    def _enum(self, descriptor: EnumDescriptor, source: str) -> str:
        if descriptor.full_name == scalars.NULL_VALUE:
            return "None"
        if self.style.enums_as_numbers:
            return source
        if descriptor.full_name not in self._names:
            self._names[descriptor.full_name] = self._source.bind("enum", scalars.EnumNames(descriptor))
        return f"{self._names[descriptor.full_name]}[{source}]"

    def _write_extensions(self, message: Any, written: dict[str, Any]) -> None:
        for field, value in message.ListFields():
            if field.is_extension:
                written[f"[{field.full_name}]"] = self._extension(field)(value)

    def _extension(self, field: FieldDescriptor) -> Write:
        known = self._extensions.get(field.full_name)
        if known is None:
            taken = ["v = v[:]"] if field.is_repeated else []
            known = self._function("extension", "v", [*taken, f"return {self._value(field)}"])
            self._extensions[field.full_name] = known
        return known


def _key(field: FieldDescriptor) -> str:
    if field.type == F.TYPE_STRING:
        return "k"
    return "'true' if k else 'false'" if field.type == F.TYPE_BOOL else "str(k)"
