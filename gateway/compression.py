"""gzip (RFC 1952) both ways. What comes in grows by a piece at a time, so that its reader can stop a bomb."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from gateway.codec.fault import Fault
from gateway.weights import weighted

_GZIP = 16  # added to a window's bits, it asks zlib for gzip's frame
_WINDOW = _GZIP + zlib.MAX_WBITS
_SMALL_WINDOW = _GZIP + 12  # 4 KiB: a stream keeps its window for as long as it lives, and 268 KiB would be too much
_SMALL_MEMORY = 5  # the same for zlib's tables: with this window 32 KiB together
_LEVEL = 1  # zlib's fastest, and nginx's default: more costs the loop more than it saves the network
_MAX_KEPT = 256  # bytes of an Accept-Encoding header whose meaning is remembered
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


@dataclass(frozen=True, slots=True)
class Codings:
    """What a client takes (RFC 9110, 12.5.3): `gzip`, where it wants nothing else more, and the `plain` bytes."""

    gzip: bool
    plain: bool


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
    return codings(accept_encoding.encode("latin-1", "replace")).gzip


def codings(accept_encoding: bytes) -> Codings:
    """Return what an `Accept-Encoding` header takes."""
    is_usual = len(accept_encoding) <= _MAX_KEPT
    return _codings(accept_encoding) if is_usual else _codings.__wrapped__(accept_encoding)


@lru_cache(maxsize=256)
def _codings(accept_encoding: bytes) -> Codings:
    weights = dict(weighted(accept_encoding))
    rest = weights.get("*")
    gzip = weights.get("gzip", weights.get("x-gzip", rest or 0.0))
    plain = weights.get("identity", rest if rest == 0 else None)
    return Codings(gzip=gzip > 0 and gzip >= (plain or 0.0), plain=plain != 0)


def _not_gzip() -> Fault:
    return Fault("the body is not what its content-encoding says", "MALFORMED_BODY")
