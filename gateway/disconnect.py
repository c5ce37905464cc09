"""Clients that leave before they have their answer."""

import asyncio
from types import TracebackType
from typing import Self

from gateway.exchange import ClientGoneError, Receive


class DisconnectWatches:
    """Begins to watch the clients of those calls that last, with one timer for all of them.

    ASGI servers do not cancel calls by themselves. Most calls are over before a task that watches would pay, so
    watching begins when a call has lasted for `delay` seconds, or twice that at most.
    """

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._young: set[DisconnectWatch] = set()
        self._older: set[DisconnectWatch] = set()
        self._is_ticking = False

    def over(self, receive: Receive, body_ended: asyncio.Event | None) -> "DisconnectWatch":
        """Return the watch of one call; while the call reads the body until `body_ended`, its reader sees by itself."""
        return DisconnectWatch(self, receive, body_ended)

    def add(self, watch: "DisconnectWatch") -> None:
        """Take note that a call has begun."""
        self._young.add(watch)
        if not self._is_ticking:
            self._is_ticking = True
            asyncio.get_running_loop().call_later(self._delay, self._tick)

    def discard(self, watch: "DisconnectWatch") -> None:
        """Take note that it is over."""
        self._young.discard(watch)
        self._older.discard(watch)

    def _tick(self) -> None:
        for watch in self._older:
            watch.begin()
        self._older, self._young = self._young, set()
        self._is_ticking = bool(self._older)
        if self._is_ticking:
            asyncio.get_running_loop().call_later(self._delay, self._tick)


class DisconnectWatch:
    """Cancels what runs within it once the client is gone, and makes that a ClientGoneError."""

    __slots__ = ("_body_ended", "_is_gone", "_receive", "_task", "_watcher", "_watches")

    def __init__(self, watches: DisconnectWatches, receive: Receive, body_ended: asyncio.Event | None) -> None:
        self._watches = watches
        self._receive = receive
        self._body_ended = body_ended
        self._is_gone = False
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._watches.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watches.discard(self)
        if self._watcher is not None:
            self._watcher.cancel()
        if self._is_gone and isinstance(error, asyncio.CancelledError) and self._task is not None:
            self._task.uncancel()
            raise ClientGoneError from None

    def begin(self) -> None:
        """Watch from now on."""
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        if self._body_ended is not None:
            await self._body_ended.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        if self._task is not None:
            self._task.cancel()
