"""Cutting the body of a client's stream into its messages, as it comes: a JSON array, lines, or raw pieces.

Only the marks between messages are looked for; each message is then read as strictly as a whole body is.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from gateway.codec.fault import MALFORMED_JSON, Fault
from gateway.errors import Refusal

_OUTSIDE_STRINGS = re.compile(rb'["\[\]{},]')
_INSIDE_STRINGS = re.compile(rb'["\\]')
_BLANK = b" \t\r\n"


class Cutter(Protocol):
    """Takes the pieces of one body and gives its messages."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the messages that end within `piece`; Fault when it does not fit, Refusal when one is too large."""
        ...

    def close(self) -> Iterator[bytes]:
        """Yield the message that ends with the body, if there is one; Fault when the body is cut off."""
        ...


class _Pending:
    """The bytes of a message that has not ended yet; Refusal when they are more than `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        self._bytes += data
        if len(self._bytes) > self._limit:
            raise Refusal(f"a message has more than {self._limit} bytes", "BODY_TOO_LARGE", http_status=413)

    def take(self, data: bytes) -> bytes:
        self.add(data)
        whole, self._bytes = bytes(self._bytes), bytearray()
        return whole


class ArrayCutter:
    """Cuts one JSON array into its elements."""

    def __init__(self, limit: int) -> None:
        self._pending = _Pending(limit)
        self._depth = 0  # open brackets; the array's own is the first
        self._has_ended = False
        self._is_first = True
        self._in_string = False
        self._escaped = 0  # bytes of the next piece that a backslash at the end of the last one covers

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the elements that end within `piece`."""
        start = 0
        if not self._depth:
            start = self._open(piece)
        at, self._escaped = start + self._escaped, 0
        while self._depth and (mark := self._find(piece, at)) is not None:
            at = mark.end()
            if self._in_string or mark[0] == b'"':
                at += self._string(mark[0])
            elif self._ends_element(mark[0]):
                yield from self._element(piece[start : at - 1])
                start = at
        if self._depth:
            self._escaped = max(at - len(piece), 0)
            self._pending.add(piece[start:])
        elif piece[start:].strip(_BLANK):
            raise Fault("something follows the array" if self._has_ended else "an array is expected", MALFORMED_JSON)

    def close(self) -> Iterator[bytes]:
        """Yield nothing: an array that is closed has yielded all it has. One that has no bytes at all is empty."""
        if self._depth:
            raise Fault("the array is not closed", MALFORMED_JSON)
        yield from ()

    def _open(self, piece: bytes) -> int:
        """Return where the elements begin."""
        blanks = len(piece) - len(piece.lstrip(_BLANK))
        if self._has_ended or piece[blanks : blanks + 1] != b"[":
            return 0
        self._depth = 1
        return blanks + 1

    def _find(self, piece: bytes, at: int) -> re.Match[bytes] | None:
        return (_INSIDE_STRINGS if self._in_string else _OUTSIDE_STRINGS).search(piece, at)

    def _string(self, mark: bytes) -> int:
        """Go in or out of a string, and return how many bytes to pass over."""
        if mark == b"\\":
            return 1
        self._in_string = not self._in_string
        return 0

    def _ends_element(self, mark: bytes) -> bool:
        if mark == b",":
            return self._depth == 1
        self._depth += 1 if mark in b"[{" else -1
        self._has_ended = self._depth == 0
        if self._has_ended and mark == b"}":
            raise Fault("the array is closed by a brace", MALFORMED_JSON)
        return self._has_ended

    def _element(self, text: bytes) -> Iterator[bytes]:
        element = self._pending.take(text)
        if element.strip(_BLANK):
            yield element
        elif not (self._is_first and self._has_ended):
            raise Fault("an element is missing", MALFORMED_JSON)
        self._is_first = False


class LineCutter:
    """Cuts NDJSON into its lines; blank ones are passed over."""

    def __init__(self, limit: int) -> None:
        self._pending = _Pending(limit)

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the lines that end within `piece`."""
        *lines, rest = piece.split(b"\n")
        for line in lines:
            whole = self._pending.take(line)
            if whole.strip(_BLANK):
                yield whole
        self._pending.add(rest)

    def close(self) -> Iterator[bytes]:
        """Yield the last line when no line feed ends it."""
        last = self._pending.take(b"")
        if last.strip(_BLANK):
            yield last


class RawCutter:
    """Gives raw bytes as they come; a body without any is one message, which tells what path and query say."""

    def __init__(self) -> None:
        self._is_empty = True

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the piece."""
        if piece:
            self._is_empty = False
            yield piece

    def close(self) -> Iterator[bytes]:
        """Yield an empty message when there was none."""
        if self._is_empty:
            yield b""
