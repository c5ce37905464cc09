"""The body of a request: whole within a limit, or piece by piece; gzip is undone on the way."""

from asyncio import Event
from collections.abc import AsyncGenerator
from typing import NoReturn

from gateway.compression import Inflater
from gateway.errors import Refusal
from gateway.exchange import ClientGoneError, Receive
from gateway.request_headers import RequestHeaders

_PATIENCE = 4  # times the allowed size: bodies are read on that far only to be refused
_UNCHANGED = ("", "identity")
_GZIP = ("gzip", "x-gzip")


class RequestBody:
    """One request's body, to be read once. Reading raises ClientGoneError when the client leaves before its end."""

    def __init__(self, receive: Receive, headers: RequestHeaders, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        declared = headers.all.get(b"content-length", b"")
        self._left = int(declared) if declared.isdigit() else None  # of the bytes that were announced
        self._inflater = _inflater(headers)
        self.ended = Event()
        """Set once the client has sent it all."""

    async def whole(self) -> bytes:
        """Return all of it; Refusal when it has more bytes than allowed, Fault when it is no gzip but says so."""
        if self._left is not None and self._left > self._limit:
            await self._refuse()
        data = await self._next()
        if not self.ended.is_set() or self._inflater is not None:  # mostly it comes whole, and as it is
            return await self._together(data)
        return data if len(data) <= self._limit else await self._refuse()

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield it as it comes, however much it is."""
        async for piece in self._plain(await self._next()):
            yield piece

    async def _together(self, first: bytes) -> bytes:
        chunks = bytearray()
        async for piece in self._plain(first):
            chunks += piece
            if len(chunks) > self._limit:
                await self._refuse()
        return bytes(chunks)

    async def _plain(self, data: bytes) -> AsyncGenerator[bytes, None]:
        """Yield the bytes that were sent, from the piece `data` on."""
        while True:
            for piece in (data,) if self._inflater is None else self._inflater.feed(data):
                yield piece
            if self.ended.is_set():
                break
            data = await self._next()
        if self._inflater is not None:
            self._inflater.close()

    async def _next(self) -> bytes:
        event = await self._receive()
        if event["type"] != "http.request":
            raise ClientGoneError
        data: bytes = event.get("body", b"")
        if self._left is not None:
            self._left -= len(data)
        # A server that passes pieces on as they come says only with an empty one that there are no more. Where the
        # length was announced, that event is not worth waiting for: it comes through another thread.
        if not event.get("more_body") or self._left == 0:
            self.ended.set()
        return data

    async def _refuse(self) -> NoReturn:
        """Raise the Refusal of a body, once the client has sent it or a few times what it may send.

        A client that is still sending when the connection closes sees a reset in place of the answer.
        """
        left = _PATIENCE * self._limit
        while left > 0 and not self.ended.is_set():
            left -= len(await self._next())
        raise Refusal(f"the body has more than {self._limit} bytes", "BODY_TOO_LARGE", http_status=413)


def _inflater(headers: RequestHeaders) -> Inflater | None:
    coding = headers.text(b"content-encoding").strip().lower()
    if coding in _UNCHANGED:
        return None
    if coding in _GZIP:
        return Inflater()
    raise Refusal(
        "the body's content-encoding is neither gzip nor identity",
        "UNSUPPORTED_ENCODING",
        http_status=415,
        headers=[(b"accept-encoding", b"gzip")],  # RFC 9110, 15.5.16
    )
