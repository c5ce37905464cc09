"""One WebSocket in ASGI's terms."""

import asyncio
from contextlib import suppress
from typing import Any

from gateway.errors import Headers
from gateway.exchange import ClientGoneError, Receive, Scope, Send
from gateway.websocket.closing import PROTOCOL_ERROR

_DENIAL = "websocket.http.response"
_LOST = (1005, 1006)  # what servers say of a connection that broke, or carried something that is no WebSocket
# How long a client that does not read may keep the last words waiting, in seconds: a few round trips.
_LAST_WORDS_SECONDS = 5.0
# A client that was interrupted is heard out for as long as its frames come this close together, and no longer than in
# all, in seconds. What it has sent by then came within a round trip of our network, more or less.
_SILENCE_SECONDS = 0.05
_HEARING_SECONDS = 1.0


class Connection:
    """What a session needs of its WebSocket. Frames are text or bytes, whole."""

    __slots__ = ("_can_deny", "_receive", "_send")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._can_deny = _DENIAL in (scope.get("extensions") or {})
        self._receive = receive
        self._send = send

    async def deny(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer the upgrade request with an HTTP error; with 403 and no body where the server knows no other."""
        await self._receive()
        if not self._can_deny:
            await self._send({"type": "websocket.close"})
            return
        await self._send({"type": f"{_DENIAL}.start", "status": status, "headers": headers})
        await self._send({"type": f"{_DENIAL}.body", "body": body})

    async def accept(self, headers: Headers) -> None:
        """Open it."""
        await self._receive()
        await self._send({"type": "websocket.accept", "headers": headers})

    async def frame(self) -> str | bytes:
        """Return the next frame; ClientGoneError when there will be none."""
        event = await self._receive()
        if event["type"] != "websocket.receive":
            if event.get("code", _LOST[0]) in _LOST:
                await self.close(PROTOCOL_ERROR, "PROTOCOL_ERROR")  # heard by a client that sent no good frame
            raise ClientGoneError
        text: str | None = event.get("text")
        return event["bytes"] if text is None else text

    async def send(self, data: bytes, *, is_binary: bool = False) -> None:
        """Send one frame, once the client has room for it; ClientGoneError when it has left."""
        await self._put({"type": "websocket.send", "bytes": data} if is_binary else _text(data))

    async def close(self, code: int, reason: str) -> None:
        """Close. A client that does not take it is left alone."""
        with suppress(ClientGoneError, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                await self._put({"type": "websocket.close", "code": code, "reason": reason})

    async def end(self, code: int, reason: str, last: bytes | None = None, *, hears_out: bool) -> None:
        """Send a last frame, if there is one, and close; with `hears_out` what the client still says is dropped first.

        Some servers do not wait for the client's part of the closing handshake; and a connection that is closed with
        bytes unread is reset, and our last words with it.
        """
        with suppress(ClientGoneError, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                if last is not None:
                    await self._put(_text(last))
            if hears_out:
                await self._hear_out()
            await self.close(code, reason)

    async def _hear_out(self) -> None:
        has_more = True
        with suppress(TimeoutError):
            async with asyncio.timeout(_HEARING_SECONDS):
                while has_more:
                    async with asyncio.timeout(_SILENCE_SECONDS):
                        has_more = (await self._receive())["type"] == "websocket.receive"

    async def _put(self, event: dict[str, Any]) -> None:
        try:
            await self._send(event)
        except OSError:  # what ASGI has a server raise when the client has left
            raise ClientGoneError from None


def _text(data: bytes) -> dict[str, Any]:
    return {"type": "websocket.send", "text": data.decode()}
