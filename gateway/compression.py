"""gzip (RFC 1952) both ways. What comes in grows by a piece at a time, so that its reader can stop a bomb."""

import zlib
from collections.abc import Iterator
from functools import lru_cache

from gateway.codec.fault import Fault

_GZIP = 16  # added to a window's bits, it asks zlib for gzip's frame
_WINDOW = _GZIP + zlib.MAX_WBITS
_SMALL_WINDOW = _GZIP + 12  # 4 KiB: a stream keeps its window for as long as it lives, and 268 KiB would be too much
_SMALL_MEMORY = 5  # the same for zlib's tables: with this window 32 KiB together
_LEVEL = 1  # zlib's fastest, and nginx's default: more costs the loop more than it saves the network
_MAX_KEPT = 256  # characters of an Accept-Encoding header whose meaning is remembered
_PIECE = 64 << 10
_WORTH_IT = 1400  # bytes: what one network packet holds, so that less gains nothing

_TEXTS = (b"text/", b"application/json", b"application/xml", b"application/javascript", b"application/x-ndjson")
_TEXT_ENDINGS = (b"+json", b"+xml")
_EVENTS = b"text/event-stream"


class Inflater:
    """Undoes gzip, piece by piece."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_WINDOW)
        self._is_within = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` holds, at most 64 KiB at a time; Fault when it is not gzip."""
        while data:
            self._is_within = True
            yield from self._member(data)
            data = self._stream.unused_data
            if self._stream.eof:  # another member may follow
                self._stream = zlib.decompressobj(_WINDOW)
                self._is_within = False

    def close(self) -> None:
        """Raise Fault when the end is missing."""
        if self._is_within:
            raise _not_gzip()

    def _member(self, data: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = self._stream.decompress(data, _PIECE)
            except zlib.error:
                raise _not_gzip() from None
            if piece:
                yield piece
            data = self._stream.unconsumed_tail
            if not data and len(piece) < _PIECE:
                return


class Deflater:
    """Compresses a stream; each part can be read by the client as soon as it has it."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _SMALL_WINDOW, _SMALL_MEMORY)

    def part(self, data: bytes, *, more: bool) -> bytes:
        """Return the bytes for one part; the last one (not `more`) closes the frame."""
        return self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)


def compress(body: bytes) -> bytes:
    """Return a whole body as gzip."""
    return zlib.compress(body, _LEVEL, _WINDOW)


def is_worth_it(content_type: bytes, size: int) -> bool:
    """Tell whether an answer of `size` bytes gets smaller by gzip."""
    return size >= _WORTH_IT and is_text(content_type)


@lru_cache(maxsize=256)
def is_text(content_type: bytes) -> bool:
    """Tell whether gzip makes this type smaller. Events are left alone: they are small, and proxies hold gzip back."""
    kind = content_type.partition(b";")[0].strip().lower()
    return kind != _EVENTS and (kind.startswith(_TEXTS) or kind.endswith(_TEXT_ENDINGS))


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether an `Accept-Encoding` header takes gzip; one that is absent does not ask for it."""
    is_usual = len(accept_encoding) <= _MAX_KEPT
    return _accepts_gzip(accept_encoding) if is_usual else _accepts_gzip.__wrapped__(accept_encoding)


@lru_cache(maxsize=256)
def _accepts_gzip(accept_encoding: str) -> bool:
    qualities = dict(_coding(part) for part in accept_encoding.lower().split(","))
    quality = qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", "0")))
    try:
        return float(quality) > 0
    except ValueError:
        return False


def _coding(part: str) -> tuple[str, str]:
    name, _, parameter = part.partition(";")
    key, _, quality = parameter.partition("=")
    return name.strip(), quality.strip() if key.strip() == "q" else "1"


def _not_gzip() -> Fault:
    return Fault("the body is not what its content-encoding says", "MALFORMED_BODY")
