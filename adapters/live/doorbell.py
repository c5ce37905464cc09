"""The bell that tells the producer of a generation, in whatever process, to stop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from adapters.live.connection import ANSWER_WITHIN, FAULTS, connect, log_answers
from adapters.live.keys import DOORBELL_CHANNEL
from adapters.live.patience import pauses
from domain.practice.log import LogUnavailable


class RedisDoorbell:
    """Implements Doorbell over one publish/subscribe channel. One a process."""

    def __init__(self, url: str, channel: str = DOORBELL_CHANNEL) -> None:
        self._redis = connect(url, 2)
        self._channel = channel
        self._handlers: list[Callable[[UUID], None]] = []
        self._task: asyncio.Task[None] | None = None

    async def ring(self, generation_id: UUID) -> None:
        """Tell this process at once, and all others. A fault is swallowed: the wish itself stands in the database."""
        self._tell(generation_id)
        with suppress(LogUnavailable):
            async with log_answers():
                await self._redis.publish(self._channel, str(generation_id))

    def listen(self, handler: Callable[[UUID], None]) -> None:
        """Call `handler`, which must not block, for each ring: possibly twice, and not for rings during an outage."""
        self._handlers.append(handler)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="doorbell")

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._redis.aclose()

    def _tell(self, generation_id: UUID) -> None:
        for handler in self._handlers:
            handler(generation_id)

    async def _run(self) -> None:
        for pause in pauses():
            with suppress(*FAULTS):
                await self._hear()
            await asyncio.sleep(pause)

    async def _hear(self) -> None:
        async with self._redis.pubsub() as channel:
            async with asyncio.timeout(ANSWER_WITHIN):
                await channel.subscribe(self._channel)
            async for message in channel.listen():
                if message["type"] == "message":
                    self._tell(UUID(message["data"].decode()))
