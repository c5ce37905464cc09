"""A service that streams without end, and clients that read the beginning of its answer and then nothing more."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import grpc.aio
from conformance.processes import SECONDS

READERS = 100
_LINE = (
    1400  # bytes of a TCP segment, as on the way to a client far away; loopback's would let the kernel keep megabytes
)
_WINDOW = 4096  # bytes that a reader's kernel takes in advance
_STILL = 0.5  # seconds in which nothing more is made: the readers are felt


class Endless(grpc.GenericRpcHandler):
    """Answers every call with the same message, as often as it is taken."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self.made = 0
        self.open = 0

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        return grpc.unary_stream_rpc_method_handler(self.stream)

    async def stream(self, _request: Any, _context: Any) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            while True:
                yield self._message
                self.made += 1
        finally:
            self.open -= 1


async def until_still(made: Callable[[], int]) -> None:
    """Return once no more messages are made."""
    loop = asyncio.get_running_loop()
    seen, since = -1, loop.time()
    async with asyncio.timeout(SECONDS):
        while loop.time() - since < _STILL:
            if made() != seen:
                seen, since = made(), loop.time()
            await asyncio.sleep(0.02)  # between two looks


@contextmanager
def slow_readers(url: str, request: bytes, count: int = READERS) -> Iterator[list[socket.socket]]:
    """Send a request over many connections of small windows; they are closed at the end of the block."""
    readers = [_connected(url) for _ in range(count)]
    try:
        for reader in readers:
            reader.sendall(request)
            reader.setblocking(False)
        yield readers
    finally:
        for reader in readers:
            reader.close()


async def begin(readers: list[socket.socket]) -> None:
    """Read the beginning of each answer, and leave the rest where it is."""
    async with asyncio.timeout(SECONDS):
        for reader in readers:
            answer = await asyncio.get_running_loop().sock_recv(reader, 1000)
            assert answer.startswith(b"HTTP/1.1 200 OK"), answer


def resident(pid: int | str = "self") -> float:
    """Return the MiB that a process holds in memory."""
    with open(f"/proc/{pid}/status") as status:  # noqa: PTH123  # no file of a folder
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
    reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _LINE)
    reader.connect((parts.hostname, parts.port))
    return reader
