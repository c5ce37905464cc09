"""The messages of a client's stream, made from its request's body one at a time, as the handler takes them."""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator

from gateway.codec.fault import Fault
from gateway.cutting import ArrayCutter, Cutter, LineCutter, RawCutter
from gateway.request_body import RequestBody

LINES = frozenset(["application/x-ndjson", "application/ndjson"])

Bind = Callable[[bytes], bytes]
"""Turns the text of one message into the serialized request, with what path, query and headers say."""


def cutter_of(media_type: str, *, is_raw: bool, limit: int) -> Cutter:
    """Return what cuts a body of this type; messages of more than `limit` bytes are refused."""
    if is_raw:
        return RawCutter()
    return LineCutter(limit) if media_type in LINES else ArrayCutter(limit)


async def messages_of(body: RequestBody, cutter: Cutter, bind: Bind) -> AsyncGenerator[bytes, None]:
    """Yield each message once it is there; Fault names the one that is wrong by its index."""
    numbered = _numbered(cutter, bind)
    async for piece in body.pieces():
        for message in numbered(cutter.feed(piece)):
            yield message
    for message in numbered(cutter.close()):
        yield message


def _numbered(cutter: Cutter, bind: Bind) -> Callable[[Iterable[bytes]], Iterator[bytes]]:
    index = 0

    def bound(texts: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal index
        for text in texts:
            try:
                yield bind(text)
            except Fault as fault:
                if not isinstance(cutter, RawCutter):
                    fault.under(f"[{index}]")
                raise
            index += 1

    return bound
