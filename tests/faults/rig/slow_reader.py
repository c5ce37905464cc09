"""A client that reads a stream as slowly as it likes, with hardly any room for what waits."""

import asyncio
import re
import socket
from contextlib import suppress
from urllib.parse import urlsplit

_ROOM = 4096
"""Bytes that its side of the connection holds."""
_EVENT = re.compile(rb"id: (\S+)\nevent: \S+\ndata: \{[^\n]*\}\n\n")


class SlowReader:
    """Reads some 400 bytes, which is about an event, each second; or nothing at all."""

    def __init__(self, url: str, path: str, headers: dict[str, str]) -> None:
        self._at = urlsplit(url)
        lines = [f"GET {path} HTTP/1.1", f"host: {self._at.netloc}", "accept: text/event-stream", "connection: close"]
        self._request = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""])
        self._read = bytearray()
        self._goes_on = asyncio.Event()
        self._goes_on.set()
        self._hurries = False
        self.is_cut = False
        """Whether the server has ended the connection, as far as this reader has come to know."""
        self.task = asyncio.create_task(self._run())

    @property
    def cursors(self) -> list[str]:
        """The cursors of the events that are there as a whole."""
        return [found.decode() for found in _EVENT.findall(bytes(self._read))]

    def stall(self) -> None:
        """Read nothing more."""
        self._goes_on.clear()

    def hurry(self) -> None:
        """Read what is left as fast as it comes."""
        self._hurries = True
        self._goes_on.set()

    async def close(self) -> None:
        """Go away."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as connection:
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
            await loop.sock_connect(connection, (self._at.hostname, self._at.port))
            await loop.sock_sendall(connection, self._request.encode())
            with suppress(ConnectionError):
                while data := await loop.sock_recv(connection, 400):
                    self._read += data
                    if not self._hurries:
                        await asyncio.sleep(1)  # paces: slowness is the fault
                    await self._goes_on.wait()
        self.is_cut = True
