"""A stretch of the network between a client and the server, which can be cut."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Wire:
    """Carries TCP connections to one address, such as `127.0.0.1:8080`."""

    def __init__(self, address: str) -> None:
        self._host, _, self._port = address.rpartition(":")
        self._ends: list[asyncio.StreamWriter] = []
        self.fuses: list[bytes] = []
        """Bytes from the server that cut the wire when they pass, each once, in this order."""

    def cut(self) -> None:
        """Break every connection; new ones work."""
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection's bytes both ways until an end closes."""
        there, back = await asyncio.open_connection(self._host, int(self._port))
        self._ends += [writer, back]
        await asyncio.gather(_copy(reader, back, lambda _: None), _copy(there, writer, self._burn))

    def _burn(self, data: bytes) -> None:
        if self.fuses and self.fuses[0] in data:
            del self.fuses[0]
            self.cut()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, see: Callable[[bytes], None]) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            see(data)
    except ConnectionError:
        pass
    finally:
        target.close()


@asynccontextmanager
async def wire_to(address: str) -> AsyncIterator[tuple[Wire, str]]:
    """Give a wire and the address of its near end."""
    wire = Wire(address)
    async with await asyncio.start_server(wire.carry, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield wire, f"{host}:{port}"
        wire.cut()
