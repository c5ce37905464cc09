"""Entity tags (RFC 9110, 8.8.3): what state of an answer a client has seen.

A message that has an `etag` of its own gives a strong one, which an update takes back by `If-Match`; everything else a
weak hash of its content. A strong tag names one sequence of bytes, so the gzip form of an answer has another one: the
same with an ending, which is taken off when it comes back.
"""

import re
from hashlib import blake2b
from typing import Any

from gateway.errors import Refusal

ANY = "*"
_GZIP = "--gzip"
_WEAK = "W/"
_HASH_BYTES = 8  # one wrong 304 in 2^64 answers that changed
_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_STATE = re.compile(r"[!\x23-\x7e]+")  # what may stand in a tag; bytes beyond ASCII may too, and mean nothing


def etag_of(value: Any, key: str, content: bytes) -> str:
    """Return the tag of an answer whose JSON is `value`, written as `content`.

    `key` is that of the etag which the message has itself; empty when it has none.
    """
    state = value.get(key) if key and value is not None else None
    return f'"{state}"' if state and _STATE.fullmatch(state) else hash_of(content)


def hash_of(content: bytes) -> str:
    """Return a weak tag of some content."""
    return f'W/"{blake2b(content, digest_size=_HASH_BYTES).hexdigest()}"'


def packed(etag: str) -> str:
    """Return the tag of the same answer as gzip."""
    return etag if etag.startswith(_WEAK) else f'{etag[:-1]}{_GZIP}"'


def is_known(if_none_match: bytes, etag: str) -> bool:
    """Tell whether an `If-None-Match` header names a tag or all there are, compared weakly (RFC 9110, 13.1.2)."""
    text = if_none_match.decode("latin-1")
    return text.strip() == ANY or _state(etag) in map(_unpacked, _TAG.findall(text))


def state_of_if_match(text: str) -> str:
    """Return the one state that an `If-Match` header names, as the message's etag has it; Refusal when it does not."""
    text = text.strip()
    if text == ANY:
        raise _refusal("If-Match takes the etag that the change was made for; to change any state, leave it out")
    if text.startswith(_WEAK):
        raise _refusal("If-Match compares strongly, and a weak etag never matches")
    if len(_TAG.findall(text)) > 1:
        raise _refusal("If-Match takes one etag here, and this is a list")
    tag = _TAG.fullmatch(text)
    if tag is None or not (state := _unpacked(tag[1])):
        raise _refusal("If-Match takes one strong etag in quotes")
    return state


def _refusal(message: str) -> Refusal:
    return Refusal(message, "INVALID_HEADER", field_path="if-match")


def _state(etag: str) -> str:
    return _unpacked(etag.removeprefix(_WEAK)[1:-1])


def _unpacked(state: str) -> str:
    return state.removesuffix(_GZIP)
