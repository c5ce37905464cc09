"""The open streams of users among processes: counted, listed, lapsing; and without Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from adapters.live.connections import RedisStreamRegistry
from adapters.live.keys import conversation_streams_key, user_streams_key
from domain.practice.errors import TooManyStreams
from domain.practice.live_streams import OpenStream

LIMIT = 3


@pytest.fixture
async def make_registry() -> AsyncIterator:
    async with AsyncExitStack() as stack:

        def make(url: str, renew_every: float = 1000.0, gathering: float = 0.001) -> RedisStreamRegistry:
            registry = RedisStreamRegistry(url, LIMIT, renew_every, gathering)
            stack.push_async_callback(registry.close)
            return registry

        yield make


@pytest.fixture
async def hold() -> AsyncIterator:
    """Hold a stream open until the test's end."""
    async with AsyncExitStack() as stack:

        async def open_stream(registry, stream, *, exactly: bool = True) -> None:
            await stack.enter_async_context(registry.open(stream, exactly=exactly))

        yield open_stream


@pytest.fixture
def stream() -> OpenStream:
    opened_at = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    return OpenStream(uuid4(), "Converse", "phone/1.0", opened_at, uuid4())


def later(stream: OpenStream, seconds: int, **changes) -> OpenStream:
    return replace(stream, opened_at=stream.opened_at + timedelta(seconds=seconds), **changes)


@pytest.fixture
def told(own_redis, until):
    """Wait until Redis knows of so many streams of a user."""

    async def wait(stream: OpenStream, number: int) -> None:
        async def as_many() -> bool:
            return await own_redis.zcard(user_streams_key(stream.user_id)) == number

        await until(as_many)

    return wait


async def test_all_processes_count_together_when_it_is_to_be_exact(make_registry, hold, stream, valkey) -> None:
    here, there = make_registry(valkey.url), make_registry(valkey.url)
    for registry in (here, there, here):
        await hold(registry, stream)
    for registry in (here, there):
        with pytest.raises(TooManyStreams) as refusal:
            await hold(registry, stream)
        assert refusal.value.metadata == {"limit": "3"}
    await hold(there, replace(stream, user_id=uuid4()))


async def test_one_that_was_refused_takes_no_place(make_registry, hold, stream, valkey, told) -> None:
    here, there = make_registry(valkey.url), make_registry(valkey.url)
    for _ in range(LIMIT):
        await hold(here, stream)
    with pytest.raises(TooManyStreams):
        await hold(there, stream)
    await told(stream, LIMIT)


async def test_a_place_is_free_again_when_a_stream_ends(make_registry, stream, valkey, told) -> None:
    registry = make_registry(valkey.url)
    for _ in range(2 * LIMIT):
        async with AsyncExitStack() as stack:
            for _ in range(LIMIT):
                await stack.enter_async_context(registry.open(stream, exactly=True))
        await told(stream, 0)


async def test_streams_of_replies_count_those_of_other_processes_once_it_has_heard_of_them(
    make_registry, hold, stream, valkey, until
) -> None:
    here, there = make_registry(valkey.url), make_registry(valkey.url)
    for _ in range(2):
        await hold(there, stream)
    await hold(here, stream, exactly=False)

    async def is_full() -> bool:
        try:
            async with here.open(stream, exactly=False):
                return False
        except TooManyStreams:
            return True

    await until(is_full)


async def test_without_redis_a_process_counts_its_own(make_registry, hold, stream, tmp_path) -> None:
    registry = make_registry(f"unix://{tmp_path}/nobody.sock")
    for exactly in (True, False, True):
        await hold(registry, stream, exactly=exactly)
    for exactly in (True, False):
        with pytest.raises(TooManyStreams):
            await hold(registry, stream, exactly=exactly)
    assert await registry.of_conversation(stream.conversation_id) == [stream] * 3


async def test_the_streams_of_a_conversation_are_listed_by_any_process(make_registry, hold, stream, valkey, until):
    here, there = make_registry(valkey.url), make_registry(valkey.url)
    second = later(stream, 1, method="WatchConversation", device="d" * 500)
    await hold(there, second)
    await hold(here, stream, exactly=False)
    await hold(here, later(stream, 2, user_id=uuid4(), conversation_id=uuid4()))
    await hold(here, later(stream, 3, user_id=uuid4(), conversation_id=None))
    expected = [stream, replace(second, device="d" * 200)]
    for registry in (here, there):

        async def lists_all(registry=registry) -> bool:
            return await registry.of_conversation(stream.conversation_id) == expected

        await until(lists_all)


async def test_what_a_dead_process_had_open_lapses(make_registry, hold, stream, valkey, own_redis) -> None:
    registry = make_registry(valkey.url)
    for key in (user_streams_key(stream.user_id), conversation_streams_key(stream.conversation_id)):
        await own_redis.zadd(key, {b"of a process that is no more": 1.0})
    await hold(registry, stream)
    assert await own_redis.zcard(user_streams_key(stream.user_id)) == 1
    assert await registry.of_conversation(stream.conversation_id) == [stream]
    assert 0 < await own_redis.ttl(user_streams_key(stream.user_id)) <= 60


async def test_what_is_open_is_told_again_when_redis_has_lost_it(make_registry, hold, stream, valkey, told) -> None:
    registry = make_registry(valkey.url, renew_every=0.02)
    await hold(registry, stream)
    await hold(registry, stream, exactly=False)
    await told(stream, 2)
    async with Redis.from_url(valkey.url) as redis:
        await redis.flushall()
    await told(stream, 2)


async def test_a_stream_that_has_ended_counts_no_more_though_redis_does_not_know_yet(
    make_registry, valkey, stream
) -> None:
    registry = make_registry(valkey.url, gathering=1000)
    for _ in range(2 * LIMIT):
        async with registry.open(stream, exactly=True):
            pass


async def test_a_stream_that_ends_while_redis_answers_is_not_taken_for_one_of_another_process(
    make_registry, hold, stream, valkey, monkeypatch
) -> None:
    registry = make_registry(valkey.url)
    answered, goes_on, learnt = asyncio.Event(), asyncio.Event(), asyncio.Event()
    make_pipeline, learn = registry._redis.pipeline, registry._learn

    def slow_pipeline(**kwargs):
        pipeline = make_pipeline(**kwargs)
        execute = pipeline.execute

        async def answer():
            answers = await execute()
            answered.set()
            await goes_on.wait()
            return answers

        pipeline.execute = answer
        return pipeline

    def tell_that_it_learnt(*heard):
        learn(*heard)
        learnt.set()

    monkeypatch.setattr(registry._redis, "pipeline", slow_pipeline)
    monkeypatch.setattr(registry, "_learn", tell_that_it_learnt)
    await hold(registry, stream, exactly=False)
    async with registry.open(later(stream, 1), exactly=False), registry.open(later(stream, 2), exactly=False):
        await asyncio.wait_for(answered.wait(), 5)
    goes_on.set()
    await asyncio.wait_for(learnt.wait(), 5)
    for _ in range(LIMIT - 1):
        await hold(registry, stream, exactly=False)
