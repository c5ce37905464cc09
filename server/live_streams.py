"""The streams of a process that stay open: their lifetimes, and their end when the server stops."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from domain.practice.live_streams import ClosingReason, Ending

LAST_WORDS_SECONDS = 1.0
"""How long a server that stops waits for its streams to say that they end."""
_SPREAD = 0.1
"""The share of the lifetime by which streams differ, so that those opened together do not come back together."""


class LiveStreams:
    """Knows which are open. Each ends after about `lifetime` seconds."""

    def __init__(self, lifetime: float) -> None:
        self._lifetime = lifetime
        self._endings: set[Ending] = set()
        self._is_stopping = False
        self._none_open = asyncio.Event()

    @contextmanager
    def open(self) -> Iterator[Ending]:
        """Hold a stream open for a block; its end is to be looked at."""
        ending = Ending()
        seconds = self._lifetime * random.uniform(1 - _SPREAD, 1)  # noqa: S311 - spreads load, keeps no secret
        timer = asyncio.get_running_loop().call_later(seconds, ending.end, ClosingReason.STREAM_EXPIRED)
        self._endings.add(ending)
        if self._is_stopping:
            ending.end(ClosingReason.UNAVAILABLE)
        try:
            yield ending
        finally:
            timer.cancel()
            self._endings.discard(ending)
            if not self._endings:
                self._none_open.set()

    async def stop(self, within: float = LAST_WORDS_SECONDS) -> None:
        """Have all end, those that are yet to come too; return once they have, or after `within` seconds."""
        self._is_stopping = True
        self._none_open.clear()
        for ending in list(self._endings):
            ending.end(ClosingReason.UNAVAILABLE)
        if self._endings:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._none_open.wait()
