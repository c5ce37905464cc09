"""The one reader of a process: hands the entries of many logs to the readers that are attached here."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection

from adapters.live.connection import ANSWER_WITHIN, FAULTS, connection_pool, log_answers
from adapters.live.entries import decode
from adapters.live.keys import wake_key
from adapters.live.patience import pauses
from adapters.live.subscription import Subscription
from adapters.live.watch_list import BLOCK_MILLISECONDS, WatchList
from domain.practice.log import LogUnavailable
from domain.practice.reply import LogEntry, Position

GATHERING = 0.005
"""Seconds between an answer and the next read: several tokens then come in one answer."""
_WAKE_LIFE = 60
"""Seconds that the stream which wakes the read lives; once read, an entry of it is of no more use."""


class LogHub:
    """Delivers what the writer of this process has written, and what one blocking XREAD brings from others.

    Delivery is a hint: it may lose, double or overtake entries. Whoever reads checks it against the log.
    `redis` is for the short commands that wake the blocking read, which has a connection of its own.
    """

    def __init__(self, url: str, redis: Redis) -> None:
        self._pool = connection_pool(url, 1)
        self._redis = redis
        self._subscriptions: dict[UUID, list[Subscription]] = {}
        self._watched = WatchList(wake_key(uuid4()))
        self._some = asyncio.Event()
        self._blocked = False
        self._outdated = False
        self._waking: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read."""
        self._task = asyncio.create_task(self._run(), name="log hub")

    async def close(self) -> None:
        """Stop reading."""
        tasks = [task for task in (self._waking, self._task) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def attach(self, generation_id: UUID) -> Subscription:
        """Return a queue that gets the generation's entries from now on."""
        subscription = Subscription(generation_id)
        self._subscriptions.setdefault(generation_id, []).append(subscription)
        return subscription

    def detach(self, subscription: Subscription) -> None:
        """Deliver nothing more to it."""
        subscriptions = self._subscriptions[subscription.generation_id]
        subscriptions.remove(subscription)
        if not subscriptions:
            del self._subscriptions[subscription.generation_id]
            self.unwatch(subscription.generation_id)

    def is_followed(self, generation_id: UUID) -> bool:
        """Return whether anybody is attached."""
        return generation_id in self._subscriptions

    def watch(self, generation_id: UUID, after: Position) -> None:
        """Read the log of a generation that another process writes, for those attached here."""
        if generation_id not in self._watched:
            self._watched.add(generation_id, after)
            self._some.set()
            self._wake()

    def unwatch(self, generation_id: UUID) -> None:
        """Read it no more: it is written here, or nobody is attached."""
        self._watched.drop(generation_id)
        if not self._watched:
            self._some.clear()
            self._wake()

    def deliver(self, generation_id: UUID, entry: LogEntry) -> None:
        """Hand an entry of the log to all that are attached."""
        for subscription in self._subscriptions.get(generation_id, ()):
            subscription.put(entry)

    def _wake(self) -> None:
        """End the blocking read, whose list is no longer right."""
        if not self._blocked:
            return
        self._outdated = True
        if self._waking is None or self._waking.done():
            self._waking = asyncio.create_task(self._send_wake(), name="wake the log hub")

    async def _send_wake(self) -> None:
        while self._outdated:
            self._outdated = False
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.execute_command("XADD", self._watched.wake_key, "MAXLEN", 1, "*", "w", 1)
            pipeline.execute_command("EXPIRE", self._watched.wake_key, _WAKE_LIFE)
            with suppress(LogUnavailable):  # then the read ends by itself, and readers look at the log meanwhile
                async with log_answers():
                    await pipeline.execute(raise_on_error=False)

    async def _run(self) -> None:
        for pause in pauses():
            await self._some.wait()
            connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]  # theirs
            try:
                await self._read_on(connection)
            except FAULTS:
                await asyncio.sleep(pause)
            finally:
                self._blocked = False
                await connection.disconnect(nowait=True)

    async def _read_on(self, connection: AbstractConnection) -> None:
        while True:
            await self._some.wait()
            self._blocked = True
            async with asyncio.timeout(BLOCK_MILLISECONDS / 1000 + ANSWER_WITHIN):
                await connection.send_packed_command(self._watched.command())
                answer = await connection.read_response()
            self._blocked = False
            for key, rows in answer or ():
                self._deliver_rows(key, rows)
            await asyncio.sleep(GATHERING)

    def _deliver_rows(self, key: bytes, rows: list[Any]) -> None:
        generation_id = self._watched.advance(key, rows[-1][0])
        if generation_id is None:
            return
        for stream_id, words in rows:
            fields = dict(zip(words[::2], words[1::2], strict=True))
            self.deliver(generation_id, decode(stream_id, fields))
