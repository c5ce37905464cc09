"""Who is to be sent, and when: at once, or with the next tick."""

import asyncio
from collections.abc import Iterator

from adapters.live.generation_writer import RedisGenerationWriter

TICK = 0.025
"""Seconds that deltas wait to be joined: below what a reader sees, and a fortieth of the round trips."""


class Schedule:
    """The writers that may have something to send, the urgent ones first.

    One can stand in both lines; whoever takes it looks whether there is still something to do.
    """

    def __init__(self) -> None:
        self._urgent: dict[RedisGenerationWriter, None] = {}  # dicts serve as sets that keep their order
        self._ticked: dict[RedisGenerationWriter, None] = {}
        self._ticking: dict[RedisGenerationWriter, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._some = asyncio.Event()

    def __iter__(self) -> Iterator[RedisGenerationWriter]:
        """Iterate over all that wait, as they are now."""
        return iter([*self._urgent, *self._ticked, *self._ticking])

    def at_once(self, writer: RedisGenerationWriter) -> None:
        """Let `writer` be next."""
        self._urgent[writer] = None
        self._some.set()

    def at_tick(self, writer: RedisGenerationWriter) -> None:
        """Let `writer` wait for the next tick."""
        self._ticking[writer] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK, self._tick)

    def remove(self, writer: RedisGenerationWriter) -> None:
        """Forget `writer`."""
        for queue in (self._urgent, self._ticked, self._ticking):
            queue.pop(writer, None)

    async def wait(self) -> None:
        """Wait until `pop` has somebody to give."""
        await self._some.wait()

    def pop(self) -> RedisGenerationWriter | None:
        """Take the first in line; None when nobody is due."""
        queue = self._urgent or self._ticked
        if not queue:
            self._some.clear()
            return None
        writer = next(iter(queue))
        del queue[writer]
        return writer

    def close(self) -> None:
        """Stop ticking."""
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        self._timer = None
        self._ticked |= self._ticking
        self._ticking.clear()
        self._some.set()
