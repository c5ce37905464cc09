"""Hearing of new jobs at once: LISTEN, on a connection of its own."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from adapters.sql.engine import Connections
from domain.shared.errors import Unavailable

_CHANNEL = "fluentpro_job"
"""The trigger of the table `job` notifies it."""


class JobBell:
    """Rings when somebody has queued a job. It is a hint: who waits looks every now and then in any case."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._rung = asyncio.Event()
        self._stack = AsyncExitStack()
        self._listening: Any = None

    async def wait(self, seconds: float) -> bool:
        """Return True once it rings, or has rung since the last time; False after `seconds`."""
        await self._listen()
        try:
            await asyncio.wait_for(self._rung.wait(), seconds)
        except TimeoutError:
            return False
        self._rung.clear()
        return True

    async def close(self) -> None:
        """Stop listening."""
        listening, self._listening = self._listening, None
        if listening is not None and not listening.is_closed():
            await listening.remove_listener(_CHANNEL, self._ring)
        await self._stack.aclose()

    async def _listen(self) -> None:
        """Listen, again if the connection was lost; without one it stays mute until the next time."""
        if self._listening is not None and not self._listening.is_closed():
            return
        try:
            await self._stack.aclose()
            connection = await self._stack.enter_async_context(self._connections.reading())
            self._listening = (await connection.get_raw_connection()).driver_connection
            await self._listening.add_listener(_CHANNEL, self._ring)
        except Unavailable:
            self._listening = None

    def _ring(self, *_notice: object) -> None:
        self._rung.set()
