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
from gateway.codec.names import JsonStyle

Convert = Callable[[Any], Any]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?", re.ASCII)
_DIGITS = re.compile(r"-?(0|[1-9][0-9]{0,19})", re.ASCII)
_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
SINGLE_LIMIT = float.fromhex("0x1.ffffffp+127")
"""From here on a number rounds to infinity in 32 bits."""
_SINGLE = struct.Struct("f")
_MAXDIGITS = 20  # 2**64 has 20: beyond, a number is out of every range

_STANDARD = JsonStyle()

NULL_VALUE = "google.protobuf.NullValue"

F = FieldDescriptor
SIGNED_32 = (F.TYPE_INT32, F.TYPE_SINT32, F.TYPE_SFIXED32)
SIGNED_64 = (F.TYPE_INT64, F.TYPE_SINT64, F.TYPE_SFIXED64)
UNSIGNED_32 = (F.TYPE_UINT32, F.TYPE_FIXED32)
UNSIGNED_64 = (F.TYPE_UINT64, F.TYPE_FIXED64)
WIDE = (*SIGNED_64, *UNSIGNED_64)
"""Written as strings: a double, which is what many read a number into, holds 53 bits."""


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
    if abs(number) < SINGLE_LIMIT or not isfinite(number):
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


def enum_numbers(descriptor: EnumDescriptor, *, any_case: bool = False) -> dict[str, int]:
    """Return the numbers of an enum by name; `any_case`: the names in lower case."""
    return {value.name.lower() if any_case else value.name: value.number for value in descriptor.values}


class EnumNames(dict[int, str | int]):
    """The name of each number of an enum, the first if it has several; a number without a name stays one."""

    def __init__(self, descriptor: EnumDescriptor) -> None:
        super().__init__((value.number, value.name) for value in reversed(descriptor.values))

    def __missing__(self, number: int) -> int:
        return number


def enum(descriptor: EnumDescriptor, style: JsonStyle) -> Convert:
    """Return a reader of an enum: a name, or a number (kept when unknown, if the enum is open).

    Where unknown fields are passed over, so are unknown names: the reader returns None.
    """
    find = _finder(descriptor, style)
    known = {value.number for value in descriptor.values}
    in_range = integer(-(2**31), 2**31 - 1)

    def convert(value: Any) -> int | None:
        if type(value) is str:
            if (named := find(value)) is not None or style.ignore_unknown:
                return named
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


def converter(field: FieldDescriptor, style: JsonStyle = _STANDARD) -> Convert:
    """Return the reader of a JSON value for one element of a field that is not a message."""
    if field.type != F.TYPE_ENUM:
        return _BY_TYPE[field.type]
    descriptor = enum_of(field)
    return null_value if descriptor.full_name == NULL_VALUE else enum(descriptor, style)


def as_it_is(field: FieldDescriptor) -> type | None:
    """Return the type of the JSON values that a scalar field takes, and checks, as they are; None: there is none."""
    return _AS_THEY_ARE.get(field.type)


def text_converter(field: FieldDescriptor, style: JsonStyle = _STANDARD) -> Convert:
    """Return the reader of a path's or query's text for a field that is not a message."""
    if field.type == F.TYPE_BOOL:
        return boolean_text
    return _enum_text(enum_of(field), style) if field.type == F.TYPE_ENUM else _BY_TYPE[field.type]


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
        if short == value or (abs(short) < SINGLE_LIMIT and _to_single(short) == value):
            return short
    return float(f"{value:.9g}")


def base64_json(value: bytes) -> str:
    """Return bytes as JSON writes them: the standard alphabet, padded."""
    return b2a_base64(value, newline=False).decode()


def is_negative_zero(value: float) -> bool:
    """Tell -0.0, which proto3 does not take for the default, from 0.0."""
    return value == 0 and copysign(1, value) < 0


def _to_single(value: float) -> float:
    (single_value,) = _SINGLE.unpack(_SINGLE.pack(value))
    return float(single_value)


def _whole(value: Any) -> int:
    if type(value) is str:
        return int(value) if _DIGITS.fullmatch(value) else _whole_text(value)
    if type(value) is not float or not value.is_integer():
        raise Fault("a whole number is expected")
    # The parser gives integers beyond 64 bits as doubles: -2**63 may have been one that was less.
    if not -(2**63) < value < 2**64:
        raise Fault("the number is out of range")
    return int(value)


def _whole_text(value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise Fault(f"{_short(value)} is no whole number")
    number = Decimal(value)
    if number.adjusted() > _MAXDIGITS:
        raise Fault("the number is out of range")
    if number != number.to_integral_value():
        raise Fault(f"{_short(value)} is no whole number")
    return int(number)


def _finder(descriptor: EnumDescriptor, style: JsonStyle) -> Callable[[str], int | None]:
    if not style.case_insensitive_enums:
        return enum_numbers(descriptor).get
    numbers = enum_numbers(descriptor, any_case=True)
    return lambda name: numbers.get(name.lower()) if name.isascii() else None  # the Kelvin sign is no k


def _enum_text(descriptor: EnumDescriptor, style: JsonStyle) -> Convert:
    find = _finder(descriptor, style)
    numbers = {str(value.number): value.number for value in descriptor.values}

    def convert(value: str) -> int:
        if (number := find(value)) is not None or (number := numbers.get(value)) is not None:
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

_AS_THEY_ARE: dict[int, type] = {
    F.TYPE_BOOL: bool,
    F.TYPE_STRING: str,
    **dict.fromkeys((*SIGNED_32, *SIGNED_64, *UNSIGNED_32, *UNSIGNED_64), int),
}
