"""Messages made at random."""

import math
import struct

from google.protobuf.message_factory import GetMessageClass

from gateway.codec.fields import is_map

ROOTS = ("kinds.v1.Kinds", "second.v1.Second", "edition.v1.Edition")
"""The messages that fuzzes begin with: of proto3, proto2 and edition 2023."""
SINGLE_MAX = 3.4028234663852886e38
"""The largest finite float."""


class Maker:
    """Makes messages of one image at random, of every kind of field; `avoided` names fields left out."""

    def __init__(self, image, random, avoided=()):
        self.pool = image.pool
        self.random = random
        self.avoided = avoided

    def message(self, descriptor, depth=0):
        message = GetMessageClass(descriptor)()
        self.fill(message, depth)
        return message

    def fill(self, message, depth):
        special = getattr(self, f"_{message.DESCRIPTOR.name.lower()}", None)
        if message.DESCRIPTOR.full_name.startswith("google.protobuf.") and special is not None:
            special(message, depth)
            return
        fields = [*message.DESCRIPTOR.fields, *self.pool.FindAllExtensions(message.DESCRIPTOR)]
        fields = [field for field in fields if field.name not in self.avoided]
        required = [field for field in fields if field.is_required]
        many = self.random.randint(0, 6 if depth < 3 else 1)
        for field in [*required, *self.random.sample(fields, min(many, len(fields)))]:
            self._field(message, field, depth + 1)

    def scalar(self, field):
        kind = field.cpp_type
        if kind == field.CPPTYPE_ENUM:
            if field.enum_type.name == "NullValue":
                return 0
            numbers = [value.number for value in field.enum_type.values]
            return self.random.choice(numbers if field.enum_type.is_closed else [*numbers, 99, -(2**31)])
        if kind == field.CPPTYPE_STRING:
            return self._bytes() if field.type == field.TYPE_BYTES else self._text()
        if kind == field.CPPTYPE_BOOL:
            return self.random.choice([True, False])
        if kind in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
            return self._number(kind == field.CPPTYPE_FLOAT)
        bits = 32 if kind in (field.CPPTYPE_INT32, field.CPPTYPE_UINT32) else 64
        signed = kind in (field.CPPTYPE_INT32, field.CPPTYPE_INT64)
        lowest, highest = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        return self.random.choice([0, 1, lowest, highest, self.random.randint(lowest, highest)])

    def _field(self, message, field, depth):
        if is_map(field):
            self._map(getattr(message, field.name), field.message_type.fields_by_name, depth)
        elif field.is_repeated:
            target = _target(message, field)
            for _ in range(self.random.randint(0, 3)):
                if field.message_type is not None:
                    self.fill(target.add(), depth)
                else:
                    target.append(self.scalar(field))
        elif field.message_type is not None:
            child = _target(message, field)
            child.SetInParent()
            self.fill(child, depth)
        elif field.is_extension:
            message.Extensions[field] = self.scalar(field)
        else:
            setattr(message, field.name, self.scalar(field))

    def _map(self, entries, fields, depth):
        for _ in range(self.random.randint(0, 3)):
            key = self.scalar(fields["key"])
            if fields["value"].message_type is None:
                entries[key] = self.scalar(fields["value"])
            else:
                self.fill(entries[key], depth)

    def _text(self):
        return self.random.choice(
            ["", "a", "\u00e9\U0001f600", '"\\/', "\x00\u2028\x7f", "NaN", "1", "true", "a.b", "x" * 40]
        )

    def _bytes(self):
        return self.random.choice([b"", b"\x00\xff", b"abc", b"\xfb\xef\xff\x01"])

    def _number(self, is_single):
        edges = [0.0, -0.0, 1.5, -7.0, math.nan, math.inf, -math.inf, 0.1, 5e-324, 1e300, 16777217.0]
        value = self.random.choice([*edges, struct.unpack("d", struct.pack("q", self.random.randint(0, 2**63 - 1)))[0]])
        if not is_single:
            return value
        singles = [0.0, -0.0, 0.1, 1e-45, SINGLE_MAX, math.nan, math.inf]
        return self.random.choice(
            [*singles, struct.unpack("f", struct.pack("I", self.random.randint(0, 2**32 - 1)))[0]]
        )

    def _timestamp(self, message, _depth):
        edges = [-62135596800, 253402300799, 0, -1]
        message.seconds = self.random.choice([*edges, self.random.randint(-62135596800, 253402300799)])
        message.nanos = self.random.choice([0, 999_999_999, 500_000_000, 1000, self.random.randint(0, 999_999_999)])

    def _duration(self, message, _depth):
        sign = self.random.choice([1, -1])
        message.seconds = sign * self.random.choice([0, 1, 315576000000, self.random.randint(0, 315576000000)])
        message.nanos = sign * self.random.choice([0, 999_999_999, 500_000_000, 1000])

    def _fieldmask(self, message, _depth):
        paths = ["a", "b_c", "d.e_f", "g_h.i_j_k"]
        message.paths.extend(self.random.choice(paths) for _ in range(self.random.randint(0, 3)))

    def _struct(self, message, depth):
        for _ in range(self.random.randint(0, 2)):
            self._value(message.fields[self._text()], depth + 1)

    def _listvalue(self, message, depth):
        for _ in range(self.random.randint(0, 2)):
            self._value(message.values.add(), depth + 1)

    def _value(self, message, depth):
        kind = self.random.randint(0, 5 if depth < 4 else 3)
        if kind == 0:
            message.null_value = 0
        elif kind == 1:
            message.number_value = self.random.choice([0.0, -0.0, 1.5, 1e300, 2.0**53])
        elif kind == 2:
            message.string_value = self._text()
        elif kind == 3:
            message.bool_value = self.random.choice([True, False])
        elif kind == 4:
            message.struct_value.SetInParent()
            self._struct(message.struct_value, depth)
        else:
            message.list_value.SetInParent()
            self._listvalue(message.list_value, depth)

    def _any(self, message, depth):
        names = (*ROOTS, "google.protobuf.Duration", "google.protobuf.Int64Value", "google.protobuf.Empty")
        if depth < 3 and self.random.randint(0, 4):
            inner = self.message(self.pool.FindMessageTypeByName(self.random.choice(names)), depth + 1)
            message.type_url = f"type.googleapis.com/{inner.DESCRIPTOR.full_name}"
            message.value = inner.SerializeToString(deterministic=True)


def _target(message, field):
    return message.Extensions[field] if field.is_extension else getattr(message, field.name)
