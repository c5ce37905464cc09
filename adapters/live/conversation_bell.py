"""The bell that wakes the watchers of a conversation, in whatever process, after a commit that changed it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from uuid import UUID, uuid4

from adapters.live.connection import ANSWER_WITHIN, FAULTS, connect, log_answers
from adapters.live.keys import CONVERSATION_CHANNEL
from adapters.live.listeners import Listener, Listeners
from adapters.live.patience import pauses
from domain.practice.log import LogUnavailable
from domain.shared.errors import Unavailable

LOOK_EVERY = 2.0
"""Seconds between two looks at the database: how late a change is seen at most while Redis is away."""
GATHERING = 0.01
"""Seconds in which changes gather before other processes are told: one PUBLISH for all of them, and after the first
word of a reply, not before."""
_ID_BYTES = 16

Versions = Callable[[Collection[UUID]], Awaitable[Mapping[UUID, int]]]
"""Gives the present version of each conversation; raises Unavailable."""


class RedisConversationBell:
    """Implements ConversationBell over one publish/subscribe channel. One a process.

    Those who listen here are told at once, those elsewhere by Redis. That is a hint, which may be lost: so the
    versions of all conversations that are listened to are looked up every `look_every` seconds, in one statement.
    Nothing runs and nothing is subscribed to before somebody listens.
    """

    def __init__(self, url: str, versions: Versions, look_every: float = LOOK_EVERY) -> None:
        self._redis = connect(url, 2)
        self._own_id = uuid4()
        self._versions = versions
        self._look_every = look_every
        self._listeners = Listeners()
        self._untold: dict[UUID, None] = {}
        self._telling: asyncio.Task[None] | None = None
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def ring(self, conversation_id: UUID) -> None:
        """Tell that it has changed; does not wait."""
        self._listeners.tell(conversation_id)
        self._untold[conversation_id] = None
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_others(), name="ring conversations")

    @contextmanager
    def listen(self, conversation_id: UUID) -> Iterator[Listener]:
        """Listen for a block."""
        if not self._tasks:
            self._tasks = (
                asyncio.create_task(self._hear_others(), name="conversation bell"),
                asyncio.create_task(self._look(), name="conversation versions"),
            )
        with self._listeners.listen(conversation_id) as listener:
            yield listener

    async def close(self) -> None:
        """Stop. What was not told yet is seen at the next look."""
        tasks = (*self._tasks, *([self._telling] if self._telling else ()))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._redis.aclose()

    async def _tell_others(self) -> None:
        while self._untold:
            await asyncio.sleep(GATHERING)
            ids, self._untold = b"".join(one.bytes for one in (self._own_id, *self._untold)), {}
            with suppress(LogUnavailable):  # they look by themselves
                async with log_answers():
                    await self._redis.publish(CONVERSATION_CHANNEL, ids)

    async def _hear_others(self) -> None:
        for pause in pauses():
            with suppress(*FAULTS):
                await self._hear()
            await asyncio.sleep(pause)

    async def _hear(self) -> None:
        async with self._redis.pubsub() as channel:
            async with asyncio.timeout(ANSWER_WITHIN):
                await channel.subscribe(CONVERSATION_CHANNEL)
            async for message in channel.listen():
                if message["type"] == "message":
                    self._take(message["data"])

    def _take(self, message: bytes) -> None:
        """Read who has rung, and for which conversations; those here have heard their own process already."""
        ids = [UUID(bytes=message[at : at + _ID_BYTES]) for at in range(0, len(message) - _ID_BYTES + 1, _ID_BYTES)]
        if ids[:1] != [self._own_id]:
            for conversation_id in ids[1:]:
                self._listeners.tell(conversation_id)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._look_every * random.uniform(0.75, 1))  # noqa: S311 - spreads load
            if conversations := self._listeners.conversations:
                with suppress(Unavailable):
                    self._listeners.compare(await self._versions(conversations))
