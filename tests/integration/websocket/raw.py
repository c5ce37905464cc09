"""A WebSocket client that does what no good one would: it writes bytes."""

import asyncio
import base64
import json
import os
import struct
from typing import Self

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_FIN = 0x80
_MASKED = 0x80


def frame(opcode: int, payload: bytes, *, is_last: bool = True, is_masked: bool = True) -> bytes:
    """Return a client's frame, right or wrong."""
    length = len(payload)
    short = length if length < 126 else 126 if length < 1 << 16 else 127
    head = bytes([opcode | _FIN * is_last, short | _MASKED * is_masked])
    head += {126: struct.pack("!H", length), 127: struct.pack("!Q", length)}.get(short, b"")
    return head + (bytes(4) + payload if is_masked else payload)  # a mask of zeros changes nothing


def text(message: object) -> bytes:
    """Return a frame with a JSON text."""
    return frame(TEXT, json.dumps(message).encode())


class RawSocket:
    """One connection after its handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, address: str, path: str) -> Self:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {address}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
        writer.write("\r\n".join(lines).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        return cls(reader, writer)

    async def send(self, *pieces: bytes) -> None:
        self.writer.write(b"".join(pieces))
        await self.writer.drain()

    async def frame(self) -> tuple[int, bytes]:
        """Return opcode and payload of the server's next frame; (0, b"") when it cut the connection."""
        try:
            async with asyncio.timeout(10):
                head = await self._reader.readexactly(2)
                length = head[1]
                if length > 125:
                    size = 2 if length == 126 else 8
                    length = int.from_bytes(await self._reader.readexactly(size))
                return head[0] & 0x0F, await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return 0, b""

    async def closing(self) -> int:
        """Return the code that the server closes with, after whatever else it says; 0 when it says none."""
        while True:
            opcode, payload = await self.frame()
            if opcode in (CLOSE, 0):
                return int.from_bytes(payload[:2])
