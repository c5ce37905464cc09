"""Writing what a stream has to say: messages that are there together go out together."""

import asyncio
from collections.abc import Awaitable, Callable

# Bytes after which a burst is written. Servers hold some two dozen writes for a client that does not read (granian and
# hyper: 24), so this is what a slow reader costs: in bursts of 16 KiB a hundred of them took 43 MiB, in these 8.
_FULL = 2 << 10


class BurstWriter:
    """Passes pieces on in order, those of one turn of the loop as one.

    Each write crosses into the HTTP server's threads and costs 5 µs, more than all else that a small message needs. So
    a piece waits until the handler waits, which is at once where messages come one by one. One burst is under way at
    most, and meanwhile the writer wants to be drained: a slow client slows the handler down.
    """

    def __init__(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        self._write = write
        self._pieces: list[bytes] = []
        self._size = 0
        self._writing: asyncio.Task[None] | None = None
        """Until it has ended well; a failure is for `drain` to tell."""
        self._has_begun = False
        """Since the last time that somebody waited for it."""

    @property
    def must_drain(self) -> bool:
        """Whether `drain` is due before there is more to say."""
        return self._has_begun or self._size >= _FULL

    @property
    def is_busy(self) -> bool:
        """Whether something waits to be written, or is being written."""
        return bool(self._pieces) or (self._writing is not None and not self._writing.done())

    def add(self, piece: bytes) -> None:
        """Take a piece. It is written as soon as this task waits for anything."""
        self._pieces.append(piece)
        self._size += len(piece)
        if len(self._pieces) == 1:
            asyncio.get_running_loop().call_soon(self._begin)

    async def drain(self) -> None:
        """Wait until the client has taken the burst before; write what is full already. Raises what writing raised."""
        await self._settle()
        if self._size >= _FULL:
            await self._write(self._take())
        elif self._pieces:
            asyncio.get_running_loop().call_soon(self._begin)

    async def flush(self) -> None:
        """Write all there is, and wait until it is written."""
        await self._settle()
        if self._pieces:
            await self._write(self._take())

    async def abandon(self) -> None:
        """Write nothing more; nothing is under way afterwards."""
        self._pieces.clear()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})
            self._writing = None

    def _begin(self) -> None:
        if self._pieces and not self._has_begun:
            self._has_begun = True
            self._writing = asyncio.get_running_loop().create_task(self._run(self._take()))

    async def _run(self, data: bytes) -> None:
        await self._write(data)
        self._writing = None

    async def _settle(self) -> None:
        if self._writing is not None:
            await self._writing
        self._has_begun = False

    def _take(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return data
