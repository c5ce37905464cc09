"""The connections for single reads: a stack of those that are idle, and a queue of those who wait for one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

Connect = Callable[[], Awaitable[Any]]
"""Opens an asyncpg connection."""


class IdleConnections:
    """At most `size` asyncpg connections, opened when they are needed; the one used last is the next to go.

    asyncpg's own pool sets a timer for each acquire and starts a task for each release, which together cost more than
    the read (docs/decisions/0003-single-reads.md).
    """

    def __init__(self, connect: Connect, size: int) -> None:
        self._connect = connect
        self._size = size
        self._open = 0
        self._idle: list[Any] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._closing: set[asyncio.Task[None]] = set()

    async def take(self, within: float) -> Any:
        """Return a connection that nobody else has. Raises TimeoutError when none is free `within` these seconds."""
        while True:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    return connection
                self._open -= 1
            if self._open < self._size:
                return await self._new()
            connection = await self._wait(within)
            if connection is not None:
                return connection

    def give(self, connection: Any) -> None:
        """Give a connection back, or let it go when it is closed."""
        if connection.is_closed():
            self._open -= 1
            self._pass_on(None)
        elif not self._pass_on(connection):
            self._idle.append(connection)

    def discard(self, connection: Any) -> None:
        """Close a connection that may still be busy, in the background."""
        task = asyncio.create_task(_close(connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        self._open -= 1
        self._pass_on(None)

    async def close(self) -> None:
        """Close those that are idle, and wait for those that are closing."""
        while self._idle:
            self.discard(self._idle.pop())
        await asyncio.gather(*self._closing)

    async def _new(self) -> Any:
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._open -= 1
            self._pass_on(None)
            raise

    async def _wait(self, within: float) -> Any | None:
        """Return what somebody gives back; None when there is room for a new connection instead."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(turn)
        timer = loop.call_later(within, _expire, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._hand_on(turn.result())  # it came at the same moment
            raise
        finally:
            timer.cancel()

    def _hand_on(self, connection: Any | None) -> None:
        if connection is None:
            self._pass_on(None)
        else:
            self.give(connection)

    def _pass_on(self, connection: Any | None) -> bool:
        """Give it, or word that there is room, to who has waited for longest; False when nobody waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False


def _expire(turn: asyncio.Future[Any]) -> None:
    if not turn.done():
        turn.set_exception(TimeoutError("no connection is free"))


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=5)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it must go
        connection.terminate()
