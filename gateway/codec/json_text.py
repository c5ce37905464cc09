"""JSON text read strictly, and written fast.

Two parsers that read one text differently are a way past a check, so what RFC 8259 leaves open is refused here:
duplicate keys, NaN and Infinity, endless depth.
"""

import json
from typing import Any

from orjson import JSONDecodeError, JSONEncodeError, dumps, loads

from gateway.codec.fault import MALFORMED_JSON, EncodeError, Fault

MAX_DEPTH = 100
"""Nested arrays and objects; protobuf's own parsers stop at 100 messages."""

_OUTSIDE = bytes(set(range(256)) - set(b'"{}[]\\'))


def parse(data: bytes) -> Any:
    """Return the value that `data` holds; Fault when it is not one JSON text in UTF-8.

    orjson reads, a few times faster than the standard library, but of a key that stands twice it keeps the last and
    says nothing. Such a text has more strings than its value when written again: a key less, at least, and never one
    more. Whatever orjson refuses goes to the standard parser, which knows why, or knows better (it takes `1e400` and
    half a surrogate pair: their fields refuse them). Integers beyond 64 bits become doubles, as in every field that
    could hold them.
    """
    if len(data) > MAX_DEPTH and data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        _check_depth(data)
    try:
        value = loads(data)
    except JSONDecodeError:
        return _parse_strictly(data)
    again = dumps(value)
    if again == data:  # as most clients write
        return value
    text = data
    if b"\\" in data:  # else `again` has none either
        text, again = _unescaped(data), _unescaped(again)
    return value if text.count(b'"') == again.count(b'"') else _parse_strictly(data)


def dump(value: Any) -> bytes:
    """Write a value made of dict, list, str, int, finite float, bool and None; EncodeError when it nests too deep."""
    try:
        return dumps(value)
    except JSONEncodeError as error:  # also text that is not UTF-8, which proto2 lets a string hold
        raise EncodeError(f"the message has no JSON: {error}") from None


def _unescaped(data: bytes) -> bytes:
    """Return a JSON text without the quotes and backslashes that stand within its strings."""
    return data.replace(b"\\\\", b"").replace(b'\\"', b"")


def _parse_strictly(data: bytes) -> Any:
    try:
        return _DECODER.decode(data.decode())
    except UnicodeDecodeError:
        raise Fault("the body is not UTF-8", MALFORMED_JSON) from None
    except ValueError as error:  # also an integer of more digits than Python converts
        detail = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        raise Fault(f"the body is not JSON: {detail}", MALFORMED_JSON) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    twice = next(name for name in names if names.count(name) > 1)
    raise Fault("stands twice in one object", MALFORMED_JSON).under(twice)


def _constant(name: str) -> Any:
    raise Fault(f"{name} is not JSON: write it in quotes", MALFORMED_JSON)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def _check_depth(data: bytes) -> None:
    """Refuse a text that nests too deep, before a recursive parser sees it."""
    outside_strings = b"".join(_unescaped(data).translate(None, _OUTSIDE).split(b'"')[::2])
    depth = 0
    for bracket in outside_strings:
        depth += 1 if bracket in b"{[" else -1
        if depth > MAX_DEPTH:
            raise Fault(f"the body nests deeper than {MAX_DEPTH}", MALFORMED_JSON)
