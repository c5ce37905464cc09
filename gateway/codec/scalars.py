"""Single values: numbers, text, bytes and enums, from JSON values and from the text of a path or query."""

import re
import struct
from base64 import b64decode
from binascii import b2a_base64
from collections.abc import Callable
from decimal import Decimal
from math import copysign, isfinite
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from gateway.codec.fault import Fault
from gateway.codec.fields import enum_of

Convert = Callable[[Any], Any]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?", re.ASCII)
_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_FLOAT_LIMIT = float.fromhex("0x1.ffffffp+127")  # from here on a number rounds to infinity in 32 bits
_MAX_DIGITS = 20  # 2**64 has 20: beyond, a number is out of every range

NULL_VALUE = "google.protobuf.NullValue"

F = FieldDescriptor
SIGNED_32 = (F.TYPE_INT32, F.TYPE_SINT32, F.TYPE_SFIXED32)
SIGNED_64 = (F.TYPE_INT64, F.TYPE_SINT64, F.TYPE_SFIXED64)
UNSIGNED_32 = (F.TYPE_UINT32, F.TYPE_FIXED32)
UNSIGNED_64 = (F.TYPE_UINT64, F.TYPE_FIXED64)


def integer(lowest: int, highest: int) -> Convert:
    """Return a reader of whole numbers, bare or quoted, between two bounds (inclusive)."""

    def convert(value: Any) -> int:
        number = value if type(value) is int else _whole(value)
        if lowest <= number <= highest:
            return number
        raise Fault("the number is out of range")

    return convert


def double(value: Any) -> float:
    """Read a double: a number, its text, or one of NaN, Infinity, -Infinity in quotes."""
    if type(value) is str:
        if value in _WORDS:
            return _WORDS[value]
        if not _NUMBER.fullmatch(value):
            raise Fault(f"{_short(value)} is no number")
    elif type(value) is not float and type(value) is not int:
        raise Fault("a number is expected")
    try:
        number = float(value)
    except OverflowError:
        raise Fault("the number is out of range") from None
    if not isfinite(number):
        raise Fault("the number is out of range")
    return number


def single(value: Any) -> float:
    """Read a float of 32 bits."""
    number = double(value)
    if abs(number) < _FLOAT_LIMIT or not isfinite(number):
        return number
    raise Fault("the number is out of range")


def boolean(value: Any) -> bool:
    """Read true or false."""
    if value is True or value is False:
        return bool(value)
    raise Fault("true or false is expected")


def text(value: Any) -> str:
    """Read a string; half a surrogate pair has no UTF-8 and is refused."""
    if type(value) is not str:
        raise Fault("a string is expected")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Fault("the string holds half a surrogate pair") from None
    return value


def base64(value: Any) -> bytes:
    """Read bytes in either alphabet of base64, with or without padding."""
    if type(value) is not str:
        raise Fault("a string is expected")
    digits = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError:
        raise Fault("the string is not base64") from None


def enum(descriptor: EnumDescriptor) -> Convert:
    """Return a reader of an enum: a name, or a number (kept when unknown, if the enum is open)."""
    numbers = {value.name: value.number for value in descriptor.values}
    known = set(numbers.values())
    in_range = integer(-(2**31), 2**31 - 1)

    def convert(value: Any) -> int:
        if type(value) is str:
            if (number := numbers.get(value)) is not None:
                return number
            raise Fault(f"{_short(value)} is no value of {descriptor.name}")
        number = int(in_range(value))
        if descriptor.is_closed and number not in known:
            raise Fault(f"{number} is no value of {descriptor.name}")
        return number

    return convert


def null_value(value: Any) -> int:
    """Read google.protobuf.NullValue, whose JSON is null."""
    if value is None or value == "NULL_VALUE" or (value == 0 and type(value) is int):
        return 0
    raise Fault("null is expected")


def converter(field: FieldDescriptor) -> Convert:
    """Return the reader of a JSON value for one element of a field that is not a message."""
    if field.type != F.TYPE_ENUM:
        return _BY_TYPE[field.type]
    descriptor = enum_of(field)
    return null_value if descriptor.full_name == NULL_VALUE else enum(descriptor)


def text_converter(field: FieldDescriptor) -> Convert:
    """Return the reader of a path's or query's text for a field that is not a message."""
    if field.type == F.TYPE_BOOL:
        return boolean_text
    return _enum_text(enum_of(field)) if field.type == F.TYPE_ENUM else _BY_TYPE[field.type]


def map_key(field: FieldDescriptor) -> Convert:
    """Return the reader of a map's keys, which JSON writes as strings."""
    return boolean_text if field.type == F.TYPE_BOOL else converter(field)


def boolean_text(value: str) -> bool:
    """Read the words true and false."""
    if value in ("true", "false"):
        return value == "true"
    raise Fault("true or false is expected")


def double_json(value: float) -> float | str:
    """Return what JSON writes for a double."""
    if value - value == 0:
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124  # NaN alone


def single_json(value: float) -> float | str:
    """Return what JSON writes for a float of 32 bits: the fewest digits that read back as the same."""
    if value - value != 0:
        return double_json(value)
    for precision in (6, 7, 8):  # decimal digits; 9 always suffice for 32 bits
        short = float(f"{value:.{precision}g}")
        if abs(short) < _FLOAT_LIMIT and struct.unpack("f", struct.pack("f", short))[0] == value:
            return short
    return float(f"{value:.9g}")


def base64_json(value: bytes) -> str:
    """Return bytes as JSON writes them: the standard alphabet, padded."""
    return b2a_base64(value, newline=False).decode()


def is_negative_zero(value: float) -> bool:
    """Tell -0.0, which proto3 does not take for the default, from 0.0."""
    return value == 0 and copysign(1, value) < 0


def _whole(value: Any) -> int:
    if type(value) is float:
        if value.is_integer():
            return int(value)
    elif type(value) is str:
        return _whole_text(value)
    raise Fault("a whole number is expected")


def _whole_text(value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise Fault(f"{_short(value)} is no whole number")
    number = Decimal(value)
    if number.adjusted() > _MAX_DIGITS:
        raise Fault("the number is out of range")
    if number != number.to_integral_value():
        raise Fault(f"{_short(value)} is no whole number")
    return int(number)


def _enum_text(descriptor: EnumDescriptor) -> Convert:
    numbers = {value.name: value.number for value in descriptor.values}
    numbers |= {str(value.number): value.number for value in descriptor.values}

    def convert(value: str) -> int:
        if (number := numbers.get(value)) is not None:
            return number
        raise Fault(f"{_short(value)} is no value of {descriptor.name}")

    return convert


def _short(value: str) -> str:
    """Quote what a client sent, cut to a length that suits a message."""
    return repr(value if len(value) <= 40 else f"{value[:37]}...")


_BY_TYPE: dict[int, Convert] = {
    F.TYPE_BOOL: boolean,
    F.TYPE_STRING: text,
    F.TYPE_BYTES: base64,
    F.TYPE_DOUBLE: double,
    F.TYPE_FLOAT: single,
    **dict.fromkeys(SIGNED_32, integer(-(2**31), 2**31 - 1)),
    **dict.fromkeys(SIGNED_64, integer(-(2**63), 2**63 - 1)),
    **dict.fromkeys(UNSIGNED_32, integer(0, 2**32 - 1)),
    **dict.fromkeys(UNSIGNED_64, integer(0, 2**64 - 1)),
}
