"""The live streams of a process: how many a user has, their lifetimes, and their end when the server stops."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn, TypeAlias
from uuid import UUID

from domain.practice.errors import ConversationNotFound
from domain.practice.ids import parse_conversation_id
from domain.practice.live_streams import ClosingReason, Ending, OpenStream, StreamRegistry
from domain.shared.clock import Clock, system_clock
from domain.shared.errors import Unavailable
from domain.shared.tasks import contained
from server.call import Context, call_of, identity_of
from server.caller import device_of, user_of

_log = logging.getLogger(__name__)

LAST_WORDS_SECONDS = 1.0
"""How long a server that stops waits for its streams to say that they end."""
SESSIONS_CHECKED_EVERY = 30.0
"""Seconds between two questions whether the sessions of open streams are open still. Mostly processes tell one another
at once; without Redis a stream ends within this time, and the question's."""
_SPREAD = 0.1
"""The share of the lifetime by which streams differ, so that those opened together do not come back together."""


FindEnded: TypeAlias = Callable[[Collection[UUID]], Awaitable[Collection[UUID]]]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long streams that go on by themselves may: `longest` in all, `idle` in which nothing is said, in seconds.

    So often it is looked whether their sessions go on: `check_every`.
    """

    longest: float
    idle: float
    check_every: float = SESSIONS_CHECKED_EVERY


class LiveStreams:
    """Counts them by user, and ends those that would go on by themselves: after their time, and with their session.

    `find_ended` tells which sessions have ended.
    """

    def __init__(
        self, registry: StreamRegistry, find_ended: FindEnded, lifetimes: Lifetimes, clock: Clock = system_clock
    ) -> None:
        self._registry = registry
        self._find_ended = find_ended
        self._lifetimes = lifetimes
        self._clock = clock
        self._checking: asyncio.Task[None] | None = None
        self._endings: dict[Ending, UUID] = {}
        """With the session that each was opened in."""
        self._is_stopping = False
        self._none_open = asyncio.Event()

    def counted(
        self, context: Context, conversation_id: str = "", *, exactly: bool = False
    ) -> AbstractAsyncContextManager[None]:
        """Hold the stream of a call for a block, at whose beginning nothing is waited for unless `exactly`.

        Raises TooManyStreams.
        """
        method = call_of(context).method.rpartition("/")[2]
        place = _conversation(conversation_id)
        stream = OpenStream(user_of(context), method, device_of(context), self._clock(), place)
        return self._registry.open(stream, exactly=exactly)

    @asynccontextmanager
    async def open(self, context: Context, conversation_id: str) -> AsyncIterator[Ending]:
        """Hold a stream that goes on by itself for a block; its end is to be looked at. Raises TooManyStreams."""
        async with self.counted(context, conversation_id, exactly=True):
            ending = Ending()
            seconds = self._lifetimes.longest * random.uniform(1 - _SPREAD, 1)  # noqa: S311 - spreads load, keeps no secret
            expiry = _Expiry(ending, seconds, self._lifetimes.idle)
            self._endings[ending] = identity_of(context).session_id
            if self._checking is None:
                self._checking = asyncio.create_task(self._check_sessions(), name="sessions of open streams")
            if self._is_stopping:
                ending.end(ClosingReason.UNAVAILABLE)
            try:
                yield ending
            finally:
                expiry.cancel()
                del self._endings[ending]
                if not self._endings:
                    self._none_open.set()
                    self._stop_checking()

    def end_session(self, session_id: UUID) -> None:
        """Have the streams of a session that has ended expire: whoever opens them again is asked who they are."""
        for ending, opened_in in list(self._endings.items()):
            if opened_in == session_id:
                ending.end(ClosingReason.STREAM_EXPIRED)

    async def _check_sessions(self) -> NoReturn:
        while True:
            await asyncio.sleep(self._lifetimes.check_every)
            with contained(_log, "The sessions of open streams could not be asked for."), suppress(Unavailable):
                for session_id in await self._find_ended(set(self._endings.values())):
                    self.end_session(session_id)

    def _stop_checking(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None

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


class _Expiry:
    """Ends a stream after `lifetime` seconds, or after `idle` of silence."""

    def __init__(self, ending: Ending, lifetime: float, idle: float) -> None:
        self._ending, self._idle = ending, idle
        self._ends_at = time.monotonic() + lifetime
        self._timer: asyncio.TimerHandle | None = None
        self._look()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        left = min(self._ends_at, self._ending.used_at + self._idle) - time.monotonic()
        if left <= 0:
            self._ending.end(ClosingReason.STREAM_EXPIRED)
        else:
            self._timer = asyncio.get_running_loop().call_later(left, self._look)


def _conversation(text: str) -> UUID | None:
    """Return the id; None when there is none, or none that can be ours: then the call is refused in a moment."""
    try:
        return parse_conversation_id(text)
    except ConversationNotFound:
        return None
