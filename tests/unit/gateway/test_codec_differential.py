"""The codec against protobuf's json_format, both ways, over messages and mutated JSON made at random.

`FLUENTPRO_FUZZ_EXAMPLES` sets how many examples each of the three searches makes (CI: 400).
"""

import json
import math
import os
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc
from hypothesis import HealthCheck, given, settings, strategies as st

from gateway.codec.decode import Readers
from gateway.codec.encode import Writers
from gateway.codec.fault import Fault
from gateway.codec.fields import is_map
from gateway.codec.json_text import dump, parse
from gateway.codec.names import JsonStyle
from gateway.image import Image

_HERE = Path(__file__).parent
_BUNDLED = Path(protoc.__file__).parent / "_proto"
_FUZZ = settings(
    deadline=None,
    max_examples=int(os.environ.get("FLUENTPRO_FUZZ_EXAMPLES", "400")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_ROOTS = ("kinds.v1.Kinds", "second.v1.Second", "edition.v1.Edition")
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_DURATION = re.compile(r"-?\d{1,12}(\.\d{1,9})?s", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,4})?|NaN|-?Infinity", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*=*", re.ASCII)
_SINGLE_MAX = 3.4028234663852886e38


@dataclass(frozen=True)
class Refused:
    """What the codec did not take: the fault, and the JSON value and map key that it names."""

    message: str
    value: Any
    key: str


@dataclass(frozen=True)
class Difference:
    """One thing that json_format does otherwise, why, and a text that shows it (type, JSON).

    `strict` tells whether a refusal of ours is this difference, `lenient` whether a refusal of json_format's (its
    message) is. Neither decides what is right: that each example differs, and no more than these, is tested.
    """

    reason: str
    example: tuple[str, str]
    strict: Callable[[Refused], bool] = lambda _refused: False
    lenient: str = r"(?!)"
    differs: str = r"(?!)"
    """Finds a text of which the two read different values."""
    ignore_unknown: bool = False
    """Whether it shows only where unknown fields are passed over."""


def _is_loose_number(refused: Refused) -> bool:
    spelled = [item for item in (refused.value, refused.key) if isinstance(item, str)]
    return "number" in refused.message and any(not _NUMBER.fullmatch(item) for item in spelled)


def _is_beyond(refused: Refused) -> bool:
    value = refused.value
    if refused.message != "the number is out of range" or isinstance(value, bool):
        return False
    try:
        return abs(float(value)) > _SINGLE_MAX or value == -(2.0**63)
    except (TypeError, ValueError, OverflowError):
        return False


def _is_long(value: Any) -> bool:
    return isinstance(value, int | float) and not -(2**31) <= value < 2**31


def _is_enum(refused: Refused) -> bool:
    if "is no value of" in refused.message:
        return bool(re.fullmatch(r"\s*[+-]?[\d_]+\s*", str(refused.value)))
    return refused.message == "a whole number is expected" and isinstance(refused.value, float | bool)


def _says(text: str, *kinds: type) -> Callable[[Refused], bool]:
    return lambda refused: text in refused.message and (not kinds or isinstance(refused.value, kinds))


DIFFERENCES = (
    Difference(
        "A number in quotes is written as JSON writes numbers; json_format takes what Python's int() and float() take.",
        ("kinds.v1.Kinds", '{"doubleOne": "+1_0."}'),
        _is_loose_number,
    ),
    Difference(
        "true and false are no numbers; json_format reads them as 1 and 0 for float, double and enums.",
        ("kinds.v1.Kinds", '{"doubleOne": true}'),
        _says("number is expected", bool),
    ),
    Difference(
        "An enum is a name or a whole number; json_format also takes quoted numbers, and cuts fractions.",
        ("kinds.v1.Kinds", '{"enumOne": 1.9}'),
        _is_enum,
    ),
    Difference(
        "The number of an enum has 32 bits; json_format cuts a longer one, and may find a name for what is left.",
        ("kinds.v1.Kinds", '{"enumOne": 4294967297}'),
        lambda refused: refused.message == "the number is out of range" and _is_long(refused.value),
    ),
    Difference(
        "A number too large for its float or double is refused however it is written; json_format makes it infinite.",
        ("kinds.v1.Kinds", '{"doubleOne": "1e999"}'),
        _is_beyond,
    ),
    Difference(
        "-2^63 for an int64 is written with its digits: as a double it could have been a smaller number.",
        ("kinds.v1.Kinds", '{"int64One": -9223372036854775808.0}'),
        _is_beyond,
    ),
    Difference(
        "What rounds to the largest float is one, as the text we write for it; json_format refuses its own output.",
        ("kinds.v1.Kinds", '{"floatOne": 3.4028235e38}'),
        lenient=r"Float value too (large|small)",
    ),
    Difference(
        "Bytes are base64 and nothing else; json_format passes over characters that are not.",
        ("kinds.v1.Kinds", '{"bytesOne": "A?Q=="}'),
        _says("not base64", str),
    ),
    Difference(
        "A Timestamp is RFC 3339 to the letter; json_format takes single digits and any offset.",
        ("kinds.v1.Kinds", '{"timestamp": "2026-1-2T3:4:5+99:99"}'),
        lambda refused: "time" in refused.message and not _RFC_3339.fullmatch(str(refused.value)),
    ),
    Difference(
        "A Duration is digits, at most nine of them after the point, and `s`; json_format takes what int() takes.",
        ("kinds.v1.Kinds", '{"duration": "+1_0.0000000001s"}'),
        lambda refused: "duration" in refused.message and not _DURATION.fullmatch(str(refused.value)),
    ),
    Difference(
        "One field in two spellings is refused: which of them counts would depend on the reader.",
        ("kinds.v1.Kinds", '{"int32One": 1, "int32_one": 2}'),
        _says("in another spelling"),
    ),
    Difference(
        "One key of a map in two spellings is refused, as a doubled key is.",
        ("kinds.v1.Kinds", '{"byInt64": {"1": {}, "1e0": {}}}'),
        _says("stands twice in one map"),
    ),
    Difference(
        "null for a Value or NullValue in a oneof sets it, so that a second member is refused.",
        ("kinds.v1.Kinds", '{"choiceInt32": 1, "choiceNull": null}'),
        _says("only one of"),
    ),
    Difference(
        "null is an element of an array or a map of NullValue: json_format refuses what it writes.",
        ("edition.v1.Edition", '{"nulls": [null]}'),
        lenient=r"null is not allowed|'NoneType'",
    ),
    Difference(
        "null in place of a list of Value or NullValue leaves it empty, as any list; json_format fails.",
        ("kinds.v1.Kinds", '{"valueMany": null}'),
        lenient=r"has no attribute 'null_value'|[Aa]ssignment not allowed",
    ),
    Difference(
        "NaN and Infinity without quotes are no JSON; json_format takes them, though not in number fields.",
        ("kinds.v1.Kinds", '{"value": NaN}'),
        _says("write it in quotes"),
    ),
    Difference(
        "A text nests at most 100 arrays and objects; json_format counts messages.",
        ("kinds.v1.Kinds", '{"list": ' + "[" * 70 + "]" * 70 + "}"),
        _says("nests deeper"),
        lenient=r"Message too deep",
    ),
    Difference(
        "`@type` has a slash, as any.proto asks; json_format does without.",
        ("kinds.v1.Kinds", '{"any": {"@type": "kinds.v1.Kinds"}}'),
        _says("a type is written as"),
    ),
    Difference(
        "Beside the `value` of a well-known type in an Any stands `@type` alone; json_format passes over the rest.",
        ("kinds.v1.Kinds", '{"any": {"@type": "x/google.protobuf.Duration", "value": "1s", "more": 1}}'),
        _says("stands under `value`"),
    ),
    Difference(
        "An extension is named in full; json_format also finds it by its name and one part more.",
        ("second.v1.Second", '{"[second.v1.size_ext.more]": "1"}'),
        lambda refused: refused.message == "there is no such field" and refused.key.startswith("["),
    ),
    Difference(
        "A key in brackets on a message without extensions is an unknown field like others, which may be passed over.",
        ("kinds.v1.Kinds", '{"[a.b]": 1}'),
        lenient=r"does not have extensions",
        ignore_unknown=True,
    ),
    Difference(
        "NullValue is null, its name or 0; json_format takes any number for it.",
        ("kinds.v1.Kinds", '{"nullOne": 5}'),
        _says("null is expected", int, float, str),
    ),
    Difference(
        "A key with half of a surrogate pair is an unknown field like others; json_format fails over it.",
        ("kinds.v1.Kinds", '{"\\ud800": 1}'),
        lenient=r"SystemError|surrogates not allowed",
        ignore_unknown=True,
    ),
    Difference(
        "Where unknown names of enums are passed over, a quoted number is one; json_format reads it as the number.",
        ("kinds.v1.Kinds", '{"enumOne": "99"}'),
        lenient=r"Value out of range|Invalid enum value [+-]?\d",
        differs=r'"\s*[+-]?\d[\d_]*\s*"',
        ignore_unknown=True,
    ),
    Difference(
        "A message is an object; json_format also takes an empty string or array for an empty one.",
        ("kinds.v1.Kinds", '{"kindsOne": []}'),
        _says("an object is expected", str, list),
    ),
    Difference(
        "A quoted whole number keeps all its digits with an exponent too; json_format reads that as a double.",
        ("kinds.v1.Kinds", '{"int64One": "9007199254740993e0"}'),
        differs=r'"-?[\d.]{16,}[eE.][^"]*"',
    ),
)
"""Of reading. Each is wanted; docs/reference/gateway.md lists the same sentences."""


WRITTEN_OTHERWISE = {
    "An explicit json_name holds in the style of proto names too; json_format writes the field's name.": (
        JsonStyle(proto_names=True),
        {"odd_name": "x"},
        {"renamed": "x"},
        {"odd_name": "x"},
    ),
    "In the style of proto names a field mask has them too; json_format writes lowerCamelCase.": (
        JsonStyle(proto_names=True),
        {"mask": {"paths": ["a_b"]}},
        {"mask": "a_b"},
        {"mask": "aB"},
    ),
    "NullValue stays null where enums are numbers; json_format writes 0.": (
        JsonStyle(enums_as_numbers=True),
        {"choice_null": 0},
        {"choiceNull": None},
        {"choiceNull": 0},
    ),
    "An Any of an unknown type keeps `@type` and its bytes in base64; json_format fails.": (
        JsonStyle(),
        {"any": {"type_url": "x/no.such.Type", "value": b"\x01"}},
        {"any": {"@type": "x/no.such.Type", "value": "AQ=="}},
        None,
    ),
    "An Any whose bytes are not of its type keeps them in base64; json_format fails.": (
        JsonStyle(),
        {"any": {"type_url": "x/kinds.v1.Kinds", "value": b"\xff"}},
        {"any": {"@type": "x/kinds.v1.Kinds", "value": "/w=="}},
        None,
    ),
}
"""Of writing: style, fields of kinds.v1.Kinds, what the codec writes, what json_format writes (None: it fails)."""


@pytest.fixture(scope="session")
def rich(tmp_path_factory):
    """An image of proto2, proto3 and edition 2023."""
    target = tmp_path_factory.mktemp("rich") / "descriptors.binpb"
    folders = (_HERE / "codec_protos", _HERE / "protos", _BUNDLED)
    sources = ("second.proto", "edition.proto", "kinds.proto")
    includes = [f"-I{folder}" for folder in folders]
    assert protoc.main(["protoc", *includes, "--include_imports", f"--descriptor_set_out={target}", *sources]) == 0
    return Image.read(target)


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
        singles = [0.0, -0.0, 0.1, 1e-45, _SINGLE_MAX, math.nan, math.inf]
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
        names = (*_ROOTS, "google.protobuf.Duration", "google.protobuf.Int64Value", "google.protobuf.Empty")
        if depth < 3 and self.random.randint(0, 4):
            inner = self.message(self.pool.FindMessageTypeByName(self.random.choice(names)), depth + 1)
            message.type_url = f"type.googleapis.com/{inner.DESCRIPTOR.full_name}"
            message.value = inner.SerializeToString(deterministic=True)


def _target(message, field):
    return message.Extensions[field] if field.is_extension else getattr(message, field.name)


class Mutator:
    """Changes JSON values, and then their text, in the ways clients get it wrong."""

    def __init__(self, random):
        self.random = random

    def value(self, value):
        """Return `value` with one of its parts replaced, removed, renamed or doubled."""
        if isinstance(value, dict) and value and self.random.randint(0, 3):
            return self._object(dict(value))
        if isinstance(value, list) and value and self.random.randint(0, 3):
            at = self.random.randint(0, len(value) - 1)
            return [*value[:at], self.value(value[at]), *value[at + 1 :]]
        return self._wild(value)

    def text(self, text):
        """Return the JSON text with a piece cut out, doubled or put in."""
        at = self.random.randint(0, len(text))
        to = min(len(text), at + self.random.randint(0, 6))
        pieces = ["", text[at:to] * 2, '"a":1,', "NaN", "[", "}", "\\ud800", "0", "-", ".5", "e999", '"', "\ufeff", " "]
        return text[:at] + self.random.choice(pieces) + text[to:]

    def _object(self, value):
        key = self.random.choice(sorted(value))
        item = value.pop(key)
        change = self.random.randint(0, 5)
        if change <= 2:
            value[key] = self.value(item)
        elif change == 3:
            value[self.random.choice([_snake(key), "nope", "[second.v1.size_ext]", "[no.such]", key.upper()])] = item
        elif change == 4:
            value |= {key: item, _snake(key): item}
        return value

    def _wild(self, value):
        near = [str(value), [value], {"a": value}, {"@type": "x/kinds.v1.Kinds"}, {"value": value}]
        words = [
            "",
            "NaN",
            "1",
            " 1",
            "1.0",
            "1e3",
            "-1.5",
            "+1",
            "1_0",
            "0x1",
            "true",
            "LARGE",
            "COLOR_RED",
            "AQ",
            "A?",
            "==",
        ]
        times = [
            "2026-01-02T03:04:05Z",
            "2026-1-2T3:4:5Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T03:04:05+24:00",
            "1s",
            "-.5s",
            "1.0000000001s",
        ]
        numbers = [
            0,
            1,
            -1,
            5,
            1.0,
            1.5,
            -0.0,
            2**31,
            2**53 + 1,
            2**63,
            2**64,
            -(2**63) - 1,
            1e39,
            3.4028235e38,
            1e300,
            10**400,
        ]
        others = [None, True, False, [], {}, [None], {"a": None}, "a,bC,,d_e", "\ud800", "9007199254740993e0"]
        return self.random.choice([*near, *words, *times, *numbers, *others])


def _snake(name):
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)


@cache
def _codec(image, style):
    """Return the readers and writers of a style: made once, as the gateway does."""
    return Readers(image.pool, style), Writers(image.pool, style)


def _theirs(image, root, text, *, ignore_unknown):
    """Return the message json_format reads, or the text of its refusal."""
    message = GetMessageClass(image.pool.FindMessageTypeByName(root))()
    try:
        return json_format.Parse(text, message, ignore_unknown_fields=ignore_unknown, descriptor_pool=image.pool)
    except Exception as error:  # noqa: BLE001  # whatever it fails with, it refuses
        return str(error)


def _ours(image, root, data, *, ignore_unknown):
    """Return the message the codec reads, or what it refused."""
    message = GetMessageClass(image.pool.FindMessageTypeByName(root))()
    value = None
    try:
        value = parse(data)
        readers, _ = _codec(image, JsonStyle(ignore_unknown=ignore_unknown))
        readers.message(message.DESCRIPTOR)(value, message)
    except Fault as fault:
        return Refused(fault.message, *_at(value, fault))
    return message


def _at(value, fault):
    """Return the JSON value that a fault names, and its key."""
    key = ""
    for part in reversed(fault._parts):
        key = part if isinstance(value, dict) and part in value else part.removeprefix("[").removesuffix("]")
        if isinstance(value, list):
            value = value[int(key)]
        elif isinstance(value, dict):
            value = value.get(key)
    return value, key


def _bytes_of(message):
    return message.SerializePartialToString(deterministic=True)


def _same(image, ours, theirs):
    if _bytes_of(ours) == _bytes_of(theirs):
        return True
    return json_format.MessageToDict(ours, descriptor_pool=image.pool) == json_format.MessageToDict(
        theirs, descriptor_pool=image.pool
    )


def _unexplained(image, root, text, *, ignore_unknown):
    """Return how the two differ over a text; empty when they do not, or when the difference is a listed one."""
    listed = [difference for difference in DIFFERENCES if ignore_unknown or not difference.ignore_unknown]
    data = text.encode(errors="surrogatepass")
    theirs = _theirs(image, root, data, ignore_unknown=ignore_unknown)
    ours = _ours(image, root, data, ignore_unknown=ignore_unknown)
    if isinstance(ours, Refused):
        is_listed = isinstance(theirs, str) or any(difference.strict(ours) for difference in listed)
        return "" if is_listed else f"refused: {ours}"
    if isinstance(theirs, str):
        is_listed = any(re.search(difference.lenient, theirs) for difference in listed)
        return "" if is_listed else f"taken: {theirs}"
    if _same(image, ours, theirs) or any(re.search(difference.differs, text) for difference in listed):
        return ""
    return f"read as {ours} and {theirs}"


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.reason[:40])
def test_each_listed_difference_is_one(rich, difference):
    root, text = difference.example
    theirs = _theirs(rich, root, text, ignore_unknown=difference.ignore_unknown)
    ours = _ours(rich, root, text.encode(), ignore_unknown=difference.ignore_unknown)
    if isinstance(ours, Refused):
        assert not isinstance(theirs, str)
        assert difference.strict(ours)
    elif isinstance(theirs, str):
        assert re.search(difference.lenient, theirs)
    else:
        assert ours != theirs
        assert re.search(difference.differs, text)


@pytest.mark.parametrize(("style", "fields", "written", "theirs"), WRITTEN_OTHERWISE.values(), ids=WRITTEN_OTHERWISE)
def test_each_listed_difference_of_writing_is_one(rich, style, fields, written, theirs):
    message = GetMessageClass(rich.pool.FindMessageTypeByName("kinds.v1.Kinds"))(**fields)
    assert Writers(rich.pool, style).message(message.DESCRIPTOR)(message) == written
    try:
        expected = json_format.MessageToDict(
            message,
            preserving_proto_field_name=style.proto_names,
            use_integers_for_enums=style.enums_as_numbers,
            descriptor_pool=rich.pool,
        )
    except (TypeError, DecodeError):
        expected = None
    assert expected == theirs


def _sorted(value):
    """Return a JSON value with its members by name, and `odd_name` under the name that its .proto gives it."""
    if isinstance(value, dict):
        members = {"renamed" if key == "odd_name" else key: _sorted(item) for key, item in value.items()}
        return dict(sorted(members.items()))
    return [_sorted(item) for item in value] if isinstance(value, list) else repr(value)


_STYLES = (
    JsonStyle(),
    JsonStyle(print_defaults=True),
    JsonStyle(enums_as_numbers=True),
    JsonStyle(proto_names=True, print_defaults=True),
)


@pytest.mark.parametrize("root", _ROOTS)
@_FUZZ
@given(random=st.randoms(use_true_random=False), style=st.sampled_from(_STYLES))
def test_a_message_is_written_as_json_format_writes_it_and_read_back(rich, root, random, style):
    avoided = ["mask"] if style.proto_names else []
    avoided += ["null_one", "nulls", "null_map", "choice_null"] if style.enums_as_numbers else []
    message = Maker(rich, random, avoided).message(rich.pool.FindMessageTypeByName(root))
    readers, writers = _codec(rich, style)
    written = writers.message(message.DESCRIPTOR)(message)
    expected = json_format.MessageToDict(
        message,
        preserving_proto_field_name=style.proto_names,
        always_print_fields_with_no_presence=style.print_defaults,
        use_integers_for_enums=style.enums_as_numbers,
        descriptor_pool=rich.pool,
    )
    assert _sorted(written) == _sorted(expected)
    again = GetMessageClass(message.DESCRIPTOR)()
    readers.message(message.DESCRIPTOR)(parse(dump(written)), again)
    assert _bytes_of(again) == _bytes_of(message)


@pytest.mark.parametrize("root", _ROOTS)
@_FUZZ
@given(random=st.randoms(use_true_random=False), ignore_unknown=st.booleans(), changes=st.integers(0, 3))
def test_json_is_read_as_json_format_reads_it_but_for_the_listed_differences(
    rich, root, random, ignore_unknown, changes
):
    message = Maker(rich, random).message(rich.pool.FindMessageTypeByName(root))
    value = json_format.MessageToDict(message, descriptor_pool=rich.pool)
    mutator = Mutator(random)
    for _ in range(changes):
        value = mutator.value(value)
    text = json.dumps(value, ensure_ascii=random.choice([True, False]))
    if random.randint(0, 3) == 0:
        text = mutator.text(text)
    assert _unexplained(rich, root, text, ignore_unknown=ignore_unknown) == "", text


_TEXTS = st.recursive(
    st.sampled_from(
        ["1", "-0", "1e400", '"a"', '"\\u0022"', '"\\\\"', '"\\\\\\""', "true", "null", "1.5e3", '"\\ud800"', "NaN"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(
            st.tuples(st.sampled_from(['"a"', '"\\u0061"', '"\\""', '"\\\\"', '"b"', '""']), inner), max_size=3
        ).map(lambda items: "{" + ", ".join(f"{key}: {item}" for key, item in items) + "}")
    ),
    max_leaves=8,
)


@_FUZZ
@given(text=_TEXTS, random=st.randoms(use_true_random=False), is_mutated=st.booleans())
def test_a_text_is_parsed_as_the_standard_library_parses_it_without_doubled_keys(text, random, is_mutated):
    data = (Mutator(random).text(text) if is_mutated else text).encode(errors="surrogatepass")
    assert _outcome(parse, data) == _outcome(_strict, data)


def _strict(data):
    return json.loads(data.decode(), object_pairs_hook=_distinct, parse_constant=_no_constant)


def _distinct(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constant(_name):
    raise ValueError("no JSON")


def _outcome(read, data):
    try:
        return repr(read(data))
    except (ValueError, Fault):
        return "refused"
