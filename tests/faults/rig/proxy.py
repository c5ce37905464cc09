"""A TCP proxy between us and an engine, whose network breaks when a test says so and while traffic flows."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

Upstream = tuple[str, int] | Path
"""Host and port, or the path of a Unix socket: engines of our own listen on nothing else."""

_CHUNK = 65536
_MOST_LINKS = 1024
"""A test that opens more has lost control of something; the next one is refused."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How the network is now. All of it unset: as it should be."""

    delay: float = 0.0
    """Seconds that each chunk, of either direction, takes longer."""
    swallows: bool = False
    """Half-open: connections are accepted, and what anybody sends is lost."""
    linger: float = 0.0
    """Seconds until a side learns that the other has closed."""
    loses_answers: bool = False
    """What the client sends arrives; what it should get back is lost."""


@dataclass(eq=False, slots=True)
class _Link:
    """One connection: the client's side, and the engine's unless nothing reached it."""

    writers: list[asyncio.StreamWriter]
    lost: bool = False
    """Whether bytes are missing: its two ends do not agree any more, so it cannot go on."""

    def cut(self) -> None:
        for writer in self.writers:
            _reset(writer)


class Proxy:
    """Listens on a port of 127.0.0.1 and passes everything on to `upstream`. Made by `proxied`."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._restored = asyncio.Event()
        self.fault = Fault()
        self.port = 0
        self.accepted = 0
        """How many connections there have been."""

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._links)

    @property
    def lossy(self) -> int:
        """How many of them have lost bytes."""
        return sum(link.lost for link in self._links)

    async def delay(self, seconds: float) -> None:
        """Have each chunk take longer by this."""
        await self._become(Fault(delay=seconds))

    async def swallow(self) -> None:
        """Half-open: accept connections, and lose every byte from now on, in both directions, and every closing."""
        await self._become(Fault(swallows=True))

    async def lose_answers(self) -> None:
        """Pass on what clients send, and lose every byte that comes back for them."""
        await self._become(Fault(loses_answers=True))

    async def close_slowly(self, seconds: float) -> None:
        """Have a side learn so much later that the other has closed."""
        await self._become(Fault(linger=seconds))

    def lead_to(self, upstream: Upstream) -> None:
        """Have new connections reach another engine, as after a failover; `reset` ends those that are there."""
        self._upstream = upstream

    async def refuse(self) -> None:
        """Let nobody in: new connections are refused. Those that are there go on; `reset` ends them."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def reset(self) -> None:
        """Cut every connection there is, with a TCP reset. New ones are let in as before."""
        for link in list(self._links):
            link.cut()

    async def restore(self) -> None:
        """Be a good network again. A connection that lost bytes is reset, as a host that comes back resets it."""
        await self._become(Fault())

    async def _become(self, fault: Fault) -> None:
        self.fault = fault
        if fault.swallows:
            self._restored.clear()
        else:
            self._restored.set()
            for link in [link for link in self._links if link.lost]:
                link.cut()
        await self.listen()

    async def listen(self) -> None:
        """Open the port, the same one each time."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=_CHUNK)
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close everything."""
        await self.refuse()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if len(self._links) >= _MOST_LINKS:
            _reset(writer)
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link([writer])
        self._links.add(link)
        try:
            with suppress(OSError):
                await self._join(link, reader, writer)
        finally:
            link.cut()
            self._links.discard(link)

    async def _join(self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault.swallows:
            link.lost = True
            await self._restored.wait()
            return
        theirs, to_them = await _connect(self._upstream)
        link.writers.append(to_them)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._pump(link, reader, to_them, is_answer=False))
            both.create_task(self._pump(link, theirs, writer, is_answer=True))

    async def _pump(
        self, link: _Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        """Pass on what comes until the end of it, and then the end."""
        with suppress(OSError):
            while chunk := await source.read(_CHUNK):
                if self.fault.delay:
                    await asyncio.sleep(self.fault.delay)
                if self.fault.swallows or (is_answer and self.fault.loses_answers):
                    link.lost = True
                    continue
                sink.write(chunk)
                await sink.drain()
            await asyncio.sleep(self.fault.linger)  # paces a slow close
        await self._restored.wait()
        if link.lost or sink.transport.is_closing():
            link.cut()
        else:
            with suppress(OSError):  # the other end has gone
                sink.write_eof()


@asynccontextmanager
async def proxied(upstream: Upstream) -> AsyncIterator[Proxy]:
    """Give a proxy that passes everything on, and close it at the block's end."""
    proxy = Proxy(upstream)
    await proxy.restore()
    try:
        yield proxy
    finally:
        await proxy.close()


async def _connect(upstream: Upstream) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(upstream, Path):
        return await asyncio.open_unix_connection(str(upstream), limit=_CHUNK)
    return await asyncio.open_connection(*upstream, limit=_CHUNK)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection at once; by TCP with RST, which a lingering time of 0 asks for."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.family != socket.AF_UNIX:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
