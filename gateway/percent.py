"""Percent-decoding, once and strictly: a bad escape or bad UTF-8 is refused."""

import re
from urllib.parse import unquote_to_bytes

from gateway.codec.fault import Fault

_HEX = frozenset("0123456789abcdefABCDEF")
_ENCODED_SLASH = re.compile("(%2[fF])")
BAD_ESCAPE = "BAD_ESCAPE"


def decode_segment(text: str) -> str:
    """Decode one path segment whole."""
    return _decode(text) if "%" in text else text


def decode_segments(text: str) -> str:
    """Decode what several segments hold, but leave `%2F`: a slash in there parts nothing (google/api/http.proto)."""
    if "%" not in text:
        return text
    parts = _ENCODED_SLASH.split(text)
    return "".join(part if index % 2 else _decode(part) for index, part in enumerate(parts))


def decode_query(text: str) -> str:
    """Decode a key or value of a query, where a plus is a space."""
    spaced = text.replace("+", " ") if "+" in text else text
    return _decode(spaced) if "%" in spaced else spaced


def raw_text(data: bytes) -> str:
    """Return the text of a raw path or query as it came, nothing decoded but its bytes."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Fault("the text is not UTF-8", BAD_ESCAPE) from None


def _decode(text: str) -> str:
    for tail in text.split("%")[1:]:
        if len(tail) < 2 or tail[0] not in _HEX or tail[1] not in _HEX:
            raise Fault("a percent sign is not followed by two hexadecimal digits", BAD_ESCAPE)
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise Fault("the text is not UTF-8", BAD_ESCAPE) from None
