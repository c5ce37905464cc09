"""One connection of the WebSocket port: RFC 6455 by `websockets`, over a transport of the loop."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

_quiet = logging.getLogger(__name__)
_quiet.setLevel(logging.WARNING)  # `websockets` tells of every connection that opens and closes

MAX_MESSAGE_BYTES = 8 << 20
"""What is read of one message: twice what our gateway takes, so that it can refuse most of the rest in its own form."""

_ABNORMAL = 1006
_INVALID_DATA = 1007


@dataclass(frozen=True, slots=True)
class Patience:
    """How long clients may take, in seconds."""

    opening: float = 10.0
    """For the upgrade request, which is one packet."""
    silent: float = 30.0
    """Until a client is pinged, and then for its answer; half of the 60 s after which common proxies cut the silent."""
    closing: float = 5.0
    """For their part of the closing handshake."""


class WebSocketConnection(asyncio.Protocol):
    """From the first byte to the last.

    `opened` gets the upgrade request, once it is there and good; what it is answered with is the caller's to say.
    `known` holds the connection while it is open.
    """

    # Slots, since an idle connection is to cost little.
    __slots__ = (
        *("_frames", "_is_heard", "_is_lost", "_is_text", "_known", "_opened", "_parts", "_patience", "_protocol"),
        *("_room", "_timer", "_waiter", "transport"),
    )

    def __init__(
        self,
        opened: "Callable[[WebSocketConnection, Request, Response], None]",
        known: "set[WebSocketConnection]",
        patience: Patience,
    ) -> None:
        self._patience = patience
        self._opened = opened
        self._known = known
        self._protocol = ServerProtocol(max_size=MAX_MESSAGE_BYTES, logger=_quiet)
        self._frames: deque[str | bytes] | None = None  # whole messages that came and were not taken
        self._parts: list[bytes] | None = None  # of a message that is still coming
        self._is_text = False
        self._is_heard = True
        self._is_lost = False
        self._timer: asyncio.TimerHandle | None = None
        self._room: asyncio.Future[None] | None = None
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the upgrade request, for a while."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's says less of itself than it is
        self._known.add(self)
        self._limit(self._patience.opening)

    def data_received(self, data: bytes) -> None:
        """Take in what came, and answer pings and closings at once."""
        self._is_heard = True
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
            elif isinstance(event, Request):
                self._open(event)
        self._flush()

    def eof_received(self) -> None:
        """Close: a half of a WebSocket is none."""
        self._protocol.receive_eof()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits for this client."""
        self._is_lost = True
        self._known.discard(self)
        self._unlimit()
        self._protocol.receive_eof()
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        """Have senders wait: the client reads slowly."""
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Let senders go on."""
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    async def message(self) -> str | bytes | None:
        """Return the next message; None when there will be none. While one waits here, no more are read."""
        while not self._frames:
            if self._is_over:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        message = self._frames.popleft()
        if not self._frames:
            self._frames = None
            self.transport.resume_reading()
        return message

    @property
    def close_code(self) -> int:
        """What the client closed with; 1006 when it did not."""
        received = self._protocol.close_rcvd
        return int(received.code) if received is not None else _ABNORMAL

    async def send(self, data: bytes, *, is_text: bool) -> None:
        """Send a message, and wait while the client has no room for more. Raises ConnectionResetError."""
        if self.transport.is_closing():  # the loop tells us a turn later that it is lost
            raise ConnectionResetError("the WebSocket is lost")
        try:
            (self._protocol.send_text if is_text else self._protocol.send_binary)(data)
        except InvalidState:
            raise ConnectionResetError("the WebSocket is closed") from None
        self._flush()
        if self._room is not None:
            await self._room

    def respond(self, response: Response) -> None:
        """Answer the upgrade request."""
        self._protocol.send_response(response)
        self._flush()

    def close(self, code: int, reason: str) -> None:
        """Begin to close, unless it has begun; a client that does not do its part in time is cut off."""
        try:
            self._protocol.send_close(code, reason)
        except InvalidState:
            return
        self._frames = None
        self.transport.resume_reading()  # to see the client's part
        self._flush()

    def ping(self) -> None:
        """Look whether the client is there: cut it off when nothing came since the last look, else ask it.

        While a message of it waits here nothing is read, and so nothing can be heard.
        """
        if self._frames or self._protocol.state.name != "OPEN":
            return
        if not self._is_heard:
            self.transport.abort()
            return
        self._is_heard = False
        self._protocol.send_ping(b"")
        self._flush()

    @property
    def _is_over(self) -> bool:
        return self._is_lost or self._protocol.close_rcvd is not None or self._protocol.close_sent is not None

    def _open(self, request: Request) -> None:
        response = self._protocol.accept(request)
        if response.status_code == 101:
            self._unlimit()
            self._opened(self, request, response)
        else:
            self._protocol.send_response(response)

    def _take(self, frame: Frame) -> None:
        """Put a message together from its frames."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._is_text = frame.opcode is Opcode.TEXT
            self._parts = []
        elif frame.opcode is not Opcode.CONT or self._parts is None:
            self._wake()  # it may be a closing
            return
        if self._parts is None or self._is_over:
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            data, self._parts = b"".join(self._parts), None
            self._put(data)

    def _put(self, data: bytes) -> None:
        try:
            message = data.decode() if self._is_text else data
        except UnicodeDecodeError:
            self._protocol.fail(_INVALID_DATA, "INVALID_UTF8")
            self._wake()
            return
        if self._frames is None:
            self._frames = deque()
            self.transport.pause_reading()
        self._frames.append(message)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        self._waiter = None

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self.transport.write(data)
            elif self.transport.can_write_eof():
                self.transport.write_eof()
        if self._protocol.close_expected() and not self._is_lost:
            self._limit(self._patience.closing)
        if self._is_over:
            self._wake()

    def _limit(self, seconds: float) -> None:
        """Cut the client off when it takes longer than this."""
        self._unlimit()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.transport.abort)

    def _unlimit(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
