"""JSON values into messages: one function a message type, generated as Python source from its descriptor.

For `message Turn { string id = 1; repeated Partner partners = 2; optional int64 size = 3; Time at = 4; }`:

    def message1(o, m):
        if type(o) is not dict:
            raise Fault('an object is expected')
        get, n, k = o.get, len(o), ''
        try:
            if (x := get('id')) is not None:
                n, k = n - 1, 'id'
                m.id = x if type(x) is str else scalar2(x)
            if x := get('partners'):
                n, k = n - 1, 'partners'
                fill_messages(x, m.partners, message3)
            if (x := get('size')) is not None:
                n, k = n - 1, 'size'
                m.size = x if type(x) is int else int(x) if … else scalar4(x)
            if (x := get('at')) is not None:
                n, k = n - 1, 'at'
                message5(x, m.at)
        except Fault as fault:
            raise fault.under(k)
        except ValueError as error:
            raise refusal(error).under(k) from None
        if n or not o:
            rest6(o, m, message1)

`n` counts the members still unread. Those left at the end are null, empty, spelled otherwise or unknown: `rest.py` has
them. The ranges of integers and halves of surrogate pairs are checked where protobuf does it, in C: its ValueError.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from gateway.codec import containers, well_known
from gateway.codec.any_type import any_reader
from gateway.codec.containers import Fill
from gateway.codec.fault import Fault, only_one, refusal
from gateway.codec.fields import entry_of, is_map
from gateway.codec.names import JsonStyle
from gateway.codec.rest import Rest
from gateway.codec.scalars import NULL_VALUE, SINGLE_LIMIT, WIDE, F, as_it_is, converter, enum_numbers, map_key
from gateway.codec.source import Source

Setter = Callable[[Any, Any], None]
"""Sets one field of a message (first) from a JSON value (second)."""

_FINITE = {
    F.TYPE_DOUBLE: "x - x == 0",  # neither infinite nor NaN
    F.TYPE_FLOAT: f"{-SINGLE_LIMIT!r} < x < {SINGLE_LIMIT!r}",
}


class Readers:
    """The readers of one pool's messages in one style. A reader fills an empty message, or raises Fault."""

    def __init__(self, pool: DescriptorPool, style: JsonStyle) -> None:
        self.pool = pool
        self.style = style
        self._names: dict[str, str] = {}
        self._extensions: dict[str, Setter] = {}
        self._source = Source(
            Fault=Fault,
            refusal=refusal,
            only_one=only_one,
            fill_scalars=containers.fill_scalars,
            fill_messages=containers.fill_messages,
            fill_scalar_map=containers.fill_scalar_map,
            fill_message_map=containers.fill_message_map,
        )

    def message(self, descriptor: Descriptor) -> Fill:
        """Return the reader of a message type. What it fills is there, in its parent, even when it stays empty."""
        fill: Fill = self._source[self._message(descriptor)]
        return fill

    def field(self, field: FieldDescriptor) -> Setter:
        """Return what sets one field; null leaves it unset."""
        body = [
            "try:",
            *_indented(self._set(field)),
            "except ValueError as error:",
            "    raise refusal(error) from None",
        ]
        if not _takes_null(field):
            body = ["if x is not None:", *_indented(body)]
        setter: Setter = self._source.define(self._source.name("field"), "m, x", body)
        return setter

    def _message(self, descriptor: Descriptor) -> str:
        """Return the name of a message type's reader."""
        known = self._names.get(descriptor.full_name)
        if known is not None:
            return known
        name = self._names[descriptor.full_name] = self._source.name("message")  # before its fields: it may hold itself
        if descriptor.full_name == well_known.ANY:
            self._source.put(name, any_reader(self.pool, self.message))
        elif (special := well_known.reader(descriptor, self.style)) is not None:
            self._source.put(name, special)
        else:
            self._source.define(name, "o, m", self._body(name, descriptor))
        return name

    def _body(self, name: str, descriptor: Descriptor) -> list[str]:
        keys, others = self.style.keys(descriptor)
        blocks = [line for key, field in keys.items() for line in self._block(key, field)]
        containers = {key: _container(field) for key, field in keys.items()}
        rest = Rest(containers, others, self._extension_finder(descriptor), ignore_unknown=self.style.ignore_unknown)
        return [
            "if type(o) is not dict:",
            "    raise Fault('an object is expected')",
            *(["m.SetInParent()"] if self.style.ignore_unknown else []),  # all its members may be passed over
            "get, n, k = o.get, len(o), ''",
            "try:",
            *_indented(blocks or ["pass"]),
            "except Fault as fault:",
            "    raise fault.under(k)",
            "except ValueError as error:",
            "    raise refusal(error).under(k) from None",
            "if n or not o:",
            f"    {self._source.bind('rest', rest)}(o, m, {name})",
        ]

    def _block(self, key: str, field: FieldDescriptor) -> list[str]:
        """Return the lines that read one member, if the object has it."""
        lines = [f"n, k = n - 1, {key!r}", *self._choice(field), *self._set(field)]
        if _takes_null(field):
            return [f"if {key!r} in o:", f"    x = o[{key!r}]", *_indented(lines)]
        is_there = f"x := get({key!r})" if field.is_repeated else f"(x := get({key!r})) is not None"
        return [f"if {is_there}:", *_indented(lines)]

    def _choice(self, field: FieldDescriptor) -> list[str]:
        """Return the lines that refuse a second member of a oneof."""
        oneof = field.containing_oneof
        if oneof is None or len(oneof.fields) == 1:
            return []
        return [f"if (w := m.WhichOneof({oneof.name!r})) is not None:", f"    raise only_one({oneof.name!r}, w)"]

    def _set(self, field: FieldDescriptor) -> list[str]:
        """Return the lines that set a field from the JSON value `x`."""
        if is_map(field):
            key, value = entry_of(field)
            read_key = None if key.type == F.TYPE_STRING else self._source.bind("key", map_key(key))
            kind = "scalar" if value.message_type is None else "message"
            return [f"fill_{kind}_map(x, {self._source.value(field)}, {read_key}, {self._element(value)})"]
        if field.is_repeated:
            kind = "scalars" if field.message_type is None else "messages"
            return [f"fill_{kind}(x, {self._source.value(field)}, {self._element(field)})"]
        if field.message_type is not None:
            return [f"{self._message(field.message_type)}(x, {self._source.value(field)})"]
        return self._set_scalar(field)

    def _element(self, field: FieldDescriptor) -> str:
        """Return the arguments that say how one element is read: a reader, or a scalar's type and converter."""
        if field.message_type is not None:
            return self._message(field.message_type)
        kind = as_it_is(field)
        return f"{kind.__name__ if kind else None}, {self._converter(field)}"

    def _set_scalar(self, field: FieldDescriptor) -> list[str]:
        convert = self._converter(field)
        if field.enum_type is not None and self.style.ignore_unknown:
            return [f"x = {convert}(x)", "if x is not None:", f"    {self._source.assignment(field, 'x')}"]
        plain = self._plain(field)
        return [self._source.assignment(field, f"{plain} else {convert}(x)" if plain else f"{convert}(x)")]

    def _plain(self, field: FieldDescriptor) -> str:
        """Return `value if condition` for what most clients send and no converter has to see; empty: none such."""
        if field.type in _FINITE:
            return f"x if type(x) is float and {_FINITE[field.type]}"
        if field.enum_type is not None:
            numbers = self._source.bind("numbers", enum_numbers(field.enum_type))
            return f"{numbers}[x] if type(x) is str and x in {numbers}"
        kind = as_it_is(field)
        if field.type in WIDE:
            return "x if type(x) is int else int(x) if type(x) is str and x.isdecimal() and x.isascii() and x[0] != '0'"
        return f"x if type(x) is {kind.__name__}" if kind else ""

    def _converter(self, field: FieldDescriptor) -> str:
        return self._source.bind("scalar", converter(field, self.style))

    def _extension_finder(self, descriptor: Descriptor) -> Callable[[str], Setter | None]:
        return partial(self._extension, descriptor.full_name) if descriptor.is_extendable else _no_extension

    def _extension(self, message: str, key: str) -> Setter | None:
        """Return the setter of the extension of a message type that a key such as `[full.name]` names."""
        field = _find_extension(self.pool, key) if key.startswith("[") and key.endswith("]") else None
        if field is None or field.containing_type is None or field.containing_type.full_name != message:
            return None
        if field.full_name not in self._extensions:
            self._extensions[field.full_name] = self.field(field)
        return self._extensions[field.full_name]


def _find_extension(pool: DescriptorPool, key: str) -> FieldDescriptor | None:
    try:
        return pool.FindExtensionByName(key[1:-1])
    except (KeyError, TypeError):  # TypeError: half a surrogate pair
        return None


def _no_extension(_key: str) -> None:
    return None


def _takes_null(field: FieldDescriptor) -> bool:
    """Tell whether null is a value of the field rather than its absence."""
    if field.is_repeated:
        return False
    if field.message_type is not None:
        return field.message_type.full_name == well_known.VALUE
    return field.enum_type is not None and field.enum_type.full_name == NULL_VALUE


def _container(field: FieldDescriptor) -> type | None:
    return dict if is_map(field) else list if field.is_repeated else None


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
