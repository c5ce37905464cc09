"""JSON text read strictly, and written fast.

Two parsers that read one text differently are a way past a check, so what RFC 8259 leaves open is refused here:
duplicate keys, NaN and Infinity, endless depth.
"""

import json
from typing import Any

import orjson

from gateway.codec.fault import MALFORMED_JSON, Fault

MAX_DEPTH = 100
"""Nested arrays and objects; protobuf's own parsers stop at 100 messages."""

_OUTSIDE = bytes(set(range(256)) - set(b'"{}[]\\'))


def parse(data: bytes) -> Any:
    """Return the value that `data` holds; Fault when it is not one JSON text in UTF-8."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Fault("the body is not UTF-8", MALFORMED_JSON) from None
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        _check_depth(data)
    try:
        return _DECODER.decode(text)
    except ValueError as error:  # also an integer of more digits than Python converts
        detail = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        raise Fault(f"the body is not JSON: {detail}", MALFORMED_JSON) from None


def dump(value: Any) -> bytes:
    """Write a value made of dict, list, str, int, finite float, bool and None."""
    return orjson.dumps(value)


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
    unescaped = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = b"".join(unescaped.translate(None, _OUTSIDE).split(b'"')[::2])
    depth = 0
    for bracket in outside_strings:
        depth += 1 if bracket in b"{[" else -1
        if depth > MAX_DEPTH:
            raise Fault(f"the body nests deeper than {MAX_DEPTH}", MALFORMED_JSON)
