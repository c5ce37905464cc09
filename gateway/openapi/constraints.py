"""Limits that a field's comment states in a fixed wording, as JSON Schema keywords.

A comment says a limit once, for people; this reads the same words. Wordings (digits stand for any number):

| of | wording | keywords |
|---|---|---|
| text | `2 to 100 characters`, `at most 254 characters`, `at least 8 characters` | minLength, maxLength |
| | ``1 to 64 letters, digits, `-` and `_` `` | the same, and pattern |
| | `UUID` first, `YYYY-MM-DD`, `An e-mail address` first | format |
| | ``Always `Bearer`.`` as all of it | const |
| | ``for example `concierge` `` | examples |
| numbers | `from 0 to 1`, `…, from 1.` | minimum, maximum |
| | `negative is INVALID_ARGUMENT`, `0 means 20` | minimum 0, default |
| bool | `Must be true` first | const |
| lists | `1 to 10 ids` first, `up to 5 …`, `each once` | minItems, maxItems, uniqueItems |

A list's elements have the limits of their kind: `up to 5 names, 2 to 100 characters each`.
"""

import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

Keywords = dict[str, Any]
_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Keywords]]

_LETTERS = r"(\d+) to (\d+) letters, digits((?:,? (?:and )?`[^`]`|,(?= ))*)"

_RANGE = r"\bfrom (-?\d+(?:\.\d+)?) to (-?\d+(?:\.\d+)?)\b"

_TEXT: tuple[_Rule, ...] = (
    (re.compile(r"\b(\d+) to (\d+) characters"), lambda m: {"minLength": int(m[1]), "maxLength": int(m[2])}),
    (re.compile(r"\b[Aa]t most (\d+) characters"), lambda m: {"maxLength": int(m[1])}),
    (re.compile(r"\b[Aa]t least (\d+) characters"), lambda m: {"minLength": int(m[1])}),
    (re.compile(_LETTERS), lambda m: {"minLength": int(m[1]), "maxLength": int(m[2]), "pattern": _pattern(m[3])}),
    (re.compile(r"^UUID\b"), lambda _: {"format": "uuid"}),
    (re.compile(r"`YYYY-MM-DD`"), lambda _: {"format": "date"}),
    (re.compile(r"^An e-mail address\b"), lambda _: {"format": "email"}),
    (re.compile(r"^Always `([^`]+)`\.$"), lambda m: {"const": m[1]}),
    (re.compile(r"\bfor example `([^`]+)`"), lambda m: {"examples": [m[1]]}),
)
_NUMBER: tuple[_Rule, ...] = (
    (re.compile(_RANGE), lambda m: {"minimum": _number(m[1]), "maximum": _number(m[2])}),
    (re.compile(r", from (-?\d+)\.(?:\s|$)"), lambda m: {"minimum": int(m[1])}),
    (re.compile(r"\bnegative is INVALID_ARGUMENT"), lambda _: {"minimum": 0}),
    (re.compile(r"\b0 means (\d+)\b"), lambda m: {"default": int(m[1])}),
)
_BOOL: tuple[_Rule, ...] = ((re.compile(r"^Must be true\b"), lambda _: {"const": True}),)
_LIST: tuple[_Rule, ...] = (
    (re.compile(r"^(\d+) to (\d+) (?!characters)[a-z]+"), lambda m: {"minItems": int(m[1]), "maxItems": int(m[2])}),
    (re.compile(r"\b[Uu]p to (\d+) (?!characters)[a-z]+"), lambda m: {"maxItems": int(m[1])}),
    (re.compile(r"\beach once\b"), lambda _: {"uniqueItems": True}),
)
_F = FieldDescriptor
_BY_TYPE: dict[int, tuple[_Rule, ...]] = {
    _F.TYPE_STRING: _TEXT,
    _F.TYPE_BOOL: _BOOL,
    # 64-bit integers are strings in JSON, which no minimum holds for.
    **dict.fromkeys(
        (
            *(_F.TYPE_INT32, _F.TYPE_UINT32, _F.TYPE_SINT32, _F.TYPE_FIXED32, _F.TYPE_SFIXED32),
            *(_F.TYPE_DOUBLE, _F.TYPE_FLOAT),
        ),
        _NUMBER,
    ),
}


def of_value(field: FieldDescriptor, comment: str) -> Keywords:
    """Return what a comment says about the field's value, or about each element of a list."""
    return _found(_BY_TYPE.get(field.type, ()), comment)


def of_list(comment: str) -> Keywords:
    """Return what a comment says about a list itself."""
    return _found(_LIST, comment)


def _found(rules: tuple[_Rule, ...], comment: str) -> Keywords:
    keywords: Keywords = {}
    for pattern, read in rules:
        if (match := pattern.search(comment)) is not None:
            keywords |= read(match)
    return keywords


def _pattern(more: str) -> str:
    return f"^[A-Za-z0-9{''.join(map(re.escape, re.findall('`(.)`', more)))}]*$"


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
