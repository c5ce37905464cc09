"""Saying something on event streams that are silent, with one timer for all of them."""

import asyncio
from typing import Protocol

_LOOKS = 8
"""Looks during a heartbeat: by so much of it may a stream say something too early, and never too late."""


class Silent(Protocol):
    """A stream that may be silent."""

    def beat_if_silent_since(self, latest: float) -> None:
        """Say something if nothing was sent after `latest`, a time of the event loop in seconds."""


class Heartbeats:
    """Has no stream be silent for longer than `seconds`, so that nothing on its way takes its connection for dead."""

    def __init__(self, seconds: float) -> None:
        self._every = seconds / _LOOKS
        self._silence = seconds - self._every
        self._streams: set[Silent] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, stream: Silent) -> None:
        """Have a stream say something from time to time."""
        self._streams.add(stream)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every, self._look)

    def discard(self, stream: Silent) -> None:
        """Take note that it has ended; nothing when it was not added."""
        self._streams.discard(stream)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        latest = loop.time() - self._silence
        for stream in self._streams:
            stream.beat_if_silent_since(latest)
        self._timer = loop.call_later(self._every, self._look) if self._streams else None
