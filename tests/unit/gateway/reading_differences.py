"""What json_format reads otherwise than the codec, each with its reason."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from unit.gateway.message_maker import SINGLE_MAX

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_DURATION = re.compile(r"-?\d{1,12}(\.\d{1,9})?s", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,4})?|NaN|-?Infinity", re.ASCII)


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
        return abs(float(value)) > SINGLE_MAX or value == -(2.0**63)
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
