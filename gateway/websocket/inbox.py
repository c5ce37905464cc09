"""A client's messages on their way to the handler.

The socket is read ahead of the handler by two messages at most: one that waits and one that was just read. A handler
that is slower than its client thereby slows the client down. Reading ahead at all is how a client's leaving is noticed
while the handler works.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable

from google.rpc.code_pb2 import Code

from gateway.codec.fault import Fault
from gateway.errors import Refusal
from gateway.websocket.connection import Connection
from gateway.websocket.rate import TokenBucket

Read = Callable[[bytes], bytes]
"""Turns the bytes of a frame into a serialized request; Fault when they are none."""


class Inbox:
    """The messages of one WebSocket. An empty text frame says that there will be no more of them.

    WebSockets cannot be closed for one direction, as gRPC's streams can; and no JSON text is empty, so the sign means
    nothing else in any API.
    """

    def __init__(self, connection: Connection, read: Read, bucket: TokenBucket, limit: int, *, is_raw: bool) -> None:
        self._connection = connection
        self._read = read
        self._bucket = bucket
        self._limit = limit
        self._is_raw = is_raw
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
        self._count = 0
        self.is_complete = False
        """Whether the client has said that there will be no more."""

    async def fill(self) -> None:
        """Read the socket for as long as the client stays. It ends by an exception.

        ClientGoneError when the client has left; Fault or Refusal when it sent what is no message.
        """
        while (message := await self._next()) is not None:
            await self._waiting.put(message)
        self.is_complete = True
        await self._waiting.put(None)
        await self._connection.frame()
        raise Refusal("a frame came after the empty one, which was to be the last", "MESSAGE_AFTER_END")

    async def messages(self) -> AsyncGenerator[bytes, None]:
        """Yield each message once it is there, until the client has said that it was the last."""
        while (message := await self._waiting.get()) is not None:
            yield message

    async def _next(self) -> bytes | None:
        frame = await self._connection.frame()
        if not self._bucket.take():
            raise Refusal("too many messages a second", "TOO_MANY_MESSAGES", code=Code.RESOURCE_EXHAUSTED)
        if frame == "":
            return None
        if isinstance(frame, bytes) is not self._is_raw:
            raise Refusal(f"messages are {'binary' if self._is_raw else 'text'} frames here", "UNSUPPORTED_FRAME")
        return self._message(frame if isinstance(frame, bytes) else frame.encode())

    def _message(self, data: bytes) -> bytes:
        if len(data) > self._limit:
            raise Refusal(f"a message has more than {self._limit} bytes", "BODY_TOO_LARGE")
        try:
            message = self._read(data)
        except Fault as fault:
            fault.under(f"[{self._count}]")
            raise
        self._count += 1
        return message
