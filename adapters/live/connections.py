"""Which live streams are open, of whom and where: each process tells Redis of its own."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import orjson
from redis.asyncio.client import Pipeline

from adapters.live.connection import connect, log_answers
from adapters.live.keys import conversation_streams_key, user_streams_key
from domain.practice.errors import TooManyStreams
from domain.practice.live_streams import OpenStream
from domain.practice.log import LogUnavailable

ENTRY_LIFE = 60
"""Seconds after which what a dead process had open counts no more."""
RENEW_EVERY = 20.0
"""Seconds between two times that a process tells of all it has open: two may be lost."""
GATHERING = 0.25
"""Seconds in which openings and endings gather: most replies cost a share of one pipeline, after their first word."""
KNOWN_FOR = 10.0
"""Seconds that the number of a user's streams in other processes is taken to hold."""
_CHUNK = 500
"""Streams told in one pipeline: some 5 ms of packing."""
_DEVICE_CHARACTERS = 200


class _Held:
    """A stream that is open here."""

    __slots__ = ("_id", "is_told", "stream")

    def __init__(self, stream: OpenStream) -> None:
        self.stream = stream
        self.is_told = False
        self._id = uuid4()

    @property
    def entry(self) -> bytes:
        """What stands for it in Redis; made each time it is told, since orjson's answers keep 4 KB each."""
        stream = self.stream
        return orjson.dumps(
            {
                "id": str(self._id),
                "user_id": str(stream.user_id),
                "method": stream.method,
                "device": stream.device[:_DEVICE_CHARACTERS],
                "opened_at": stream.opened_at,
                "conversation_id": str(stream.conversation_id) if stream.conversation_id else None,
            }
        )


class RedisStreamRegistry:
    """Implements `domain.practice.live_streams.StreamRegistry`. One a process.

    While Redis is away only what is open in this process counts.
    """

    def __init__(self, url: str, limit: int, renew_every: float = RENEW_EVERY, gathering: float = GATHERING) -> None:
        self._redis = connect(url, 4)
        self._limit = limit
        self._renew_every, self._gathering = renew_every, gathering
        self._held: dict[UUID, set[_Held]] = {}
        self._elsewhere: dict[UUID, tuple[int, float]] = {}
        """By user: how many streams other processes have, and until when that is taken to hold."""
        self._opened: dict[_Held, None] = {}
        self._closed: dict[_Held, None] = {}
        self._some = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def open(self, stream: OpenStream, *, exactly: bool) -> AbstractAsyncContextManager[None]:
        """Hold `stream` open for a block. Raises TooManyStreams."""
        return _Opening(self, _Held(stream), exactly=exactly)

    async def of_conversation(self, conversation_id: UUID) -> Sequence[OpenStream]:
        """Return those of a conversation, the oldest first."""
        own = [held for each in self._held.values() for held in each]
        entries = {held.entry for held in own if held.stream.conversation_id == conversation_id}
        with suppress(LogUnavailable):
            async with log_answers():
                key = conversation_streams_key(conversation_id)
                told: Any = await self._redis.zrangebyscore(key, time.time(), "+inf")
                entries.update(told)
        return sorted(map(_stream, entries), key=lambda stream: stream.opened_at)

    async def close(self) -> None:
        """Stop telling. What is told lapses."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    async def hold(self, held: _Held, *, exactly: bool) -> None:
        """Count it from now on. Raises TooManyStreams, and then it is not held."""
        user_id = held.stream.user_id
        elsewhere = 0 if exactly else self._known_elsewhere(user_id)
        if len(self._held.get(user_id, ())) + elsewhere >= self._limit:
            raise TooManyStreams(self._limit)
        self._held.setdefault(user_id, set()).add(held)
        self._opened[held] = None
        self._go_on()
        if exactly:
            try:
                with suppress(LogUnavailable):
                    await self._admit(held)
            except BaseException:
                self.let_go(held)
                raise

    def let_go(self, held: _Held) -> None:
        """Count it no more."""
        user_id = held.stream.user_id
        self._held[user_id].discard(held)
        if not self._held[user_id]:
            del self._held[user_id]
            self._elsewhere.pop(user_id, None)
        self._opened.pop(held, None)
        if held.is_told:
            self._closed[held] = None
            self._some.set()

    def _known_elsewhere(self, user_id: UUID) -> int:
        number, until = self._elsewhere.get(user_id, (0, 0.0))
        return number if time.monotonic() < until else 0

    async def _admit(self, held: _Held) -> None:
        """Count the user's streams in all processes. Raises TooManyStreams and LogUnavailable."""
        key, now = user_streams_key(held.stream.user_id), time.time()
        async with log_answers():
            pipeline = self._redis.pipeline(transaction=True)  # of two that come at once, one may be the last
            pipeline.zremrangebyscore(key, 0, now)
            for gone in self._closed:  # and not told yet
                if gone.stream.user_id == held.stream.user_id:
                    pipeline.zrem(key, gone.entry)
            pipeline.zadd(key, {held.entry: now + ENTRY_LIFE})
            pipeline.zcard(key)
            pipeline.expire(key, ENTRY_LIFE)
            held.is_told = True
            *_, number, _ = await pipeline.execute()
        if number > self._limit:
            raise TooManyStreams(self._limit)

    def _go_on(self) -> None:
        self._some.set()
        if not self._tasks:
            self._tasks = (
                asyncio.create_task(self._tell(), name="open streams"),
                asyncio.create_task(self._renew(), name="renew open streams"),
            )

    async def _tell(self) -> None:
        """Tell of what has been opened and closed, gathered."""
        while True:
            await self._some.wait()
            await asyncio.sleep(self._gathering)
            self._some.clear()
            while self._opened or self._closed:
                opened, closed = _first(self._opened), _first(self._closed)
                with suppress(LogUnavailable):  # what is open is told again; what is closed lapses
                    await self._send(opened, closed)

    async def _send(self, opened: list[_Held], closed: list[_Held]) -> None:
        now = time.time()
        pipeline = self._redis.pipeline(transaction=False)
        for held in opened:
            held.is_told = True
            _add(pipeline, held, now)
        for held in closed:
            entry = held.entry
            for key in _keys(held.stream):
                pipeline.zrem(key, entry)
        # Counted now: what ends while Redis answers is in its numbers still.
        ended = Counter(held.stream.user_id for held in self._closed)
        users = {held.stream.user_id for held in opened}
        told = {user_id: ended[user_id] + self._told_of(user_id) for user_id in users}
        for user_id in told:
            pipeline.zcount(user_streams_key(user_id), now, "+inf")
        async with log_answers():
            answers = await pipeline.execute()
        self._learn(told, answers[len(answers) - len(told) :])

    def _told_of(self, user_id: UUID) -> int:
        return sum(held.is_told for held in self._held.get(user_id, ()))

    def _learn(self, told: Mapping[UUID, int], numbers: Iterable[int]) -> None:
        until = time.monotonic() + KNOWN_FOR
        for (user_id, own), number in zip(told.items(), numbers, strict=True):
            if user_id in self._held:
                self._elsewhere[user_id] = (max(0, number - own), until)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._renew_every * random.uniform(0.75, 1))  # noqa: S311 - spreads load
            self._opened.update(dict.fromkeys(held for each in self._held.values() for held in each))
            self._some.set()


class _Opening:
    """The block during which a stream is open. A generator's frames would cost each stream a kilobyte."""

    __slots__ = ("_exactly", "_held", "_registry")

    def __init__(self, registry: RedisStreamRegistry, held: _Held, *, exactly: bool) -> None:
        self._registry = registry
        self._held = held
        self._exactly = exactly

    async def __aenter__(self) -> None:
        await self._registry.hold(self._held, exactly=self._exactly)

    async def __aexit__(self, *_: object) -> None:
        self._registry.let_go(self._held)


def _first(line: dict[_Held, None]) -> list[_Held]:
    """Take some out of the line, the oldest first."""
    taken = list(islice(line, _CHUNK))
    for held in taken:
        del line[held]
    return taken


def _keys(stream: OpenStream) -> list[str]:
    keys = [user_streams_key(stream.user_id)]
    return keys if stream.conversation_id is None else [*keys, conversation_streams_key(stream.conversation_id)]


def _add(pipeline: Pipeline, held: _Held, now: float) -> None:
    entry = held.entry
    for key in _keys(held.stream):
        pipeline.zremrangebyscore(key, 0, now)
        pipeline.zadd(key, {entry: now + ENTRY_LIFE})
        pipeline.expire(key, ENTRY_LIFE)


def _stream(entry: bytes) -> OpenStream:
    values = orjson.loads(entry)
    place = values["conversation_id"]
    return OpenStream(
        user_id=UUID(values["user_id"]),
        method=values["method"],
        device=values["device"],
        opened_at=datetime.fromisoformat(values["opened_at"]),
        conversation_id=UUID(place) if place else None,
    )
