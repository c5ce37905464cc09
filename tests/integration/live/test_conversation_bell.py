"""Hints of changes over a real Valkey, between two bells that stand for two processes, and without one."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, ExitStack
from uuid import UUID, uuid4

import pytest

from adapters.live.conversation_bell import RedisConversationBell
from adapters.live.keys import CONVERSATION_CHANNEL
from domain.shared.errors import Unavailable

FAR = 1000.0
"""Seconds that no test waits: without a look at the versions only hints wake."""


class Versions:
    """The database's side: versions by conversation, and how often they were asked for."""

    def __init__(self) -> None:
        self.of: dict[UUID, int] = {}
        self.asked: list[list[UUID]] = []
        self.available = True

    async def __call__(self, conversation_ids: Collection[UUID]) -> Mapping[UUID, int]:
        self.asked.append(list(conversation_ids))
        if not self.available:
            raise Unavailable("The database does not answer.")
        return {key: self.of[key] for key in conversation_ids if key in self.of}


@pytest.fixture
def versions() -> Versions:
    return Versions()


@pytest.fixture
async def make_bell(versions) -> AsyncIterator:
    async with AsyncExitStack() as stack:

        def make(url: str, look_every: float = FAR) -> RedisConversationBell:
            bell = RedisConversationBell(url, versions, look_every)
            stack.push_async_callback(bell.close)
            return bell

        yield make


async def heard(listener, seen: int = 1) -> None:
    async with asyncio.timeout(10):
        await listener.wait(seen)


async def subscribed(redis, number: int) -> bool:
    counts = await redis.pubsub_numsub(CONVERSATION_CHANNEL)
    return counts[0][1] == number


async def test_a_ring_wakes_those_here_and_those_in_other_processes(make_bell, valkey, own_redis, until) -> None:
    here, there = make_bell(valkey.url), make_bell(valkey.url)
    conversation = uuid4()
    with here.listen(conversation) as near, there.listen(conversation) as far, there.listen(uuid4()) as other:
        await until(lambda: subscribed(own_redis, 2))
        here.ring(conversation)
        await heard(near)
        await heard(far)
        waiting = asyncio.create_task(other.wait(1))
        for _ in range(300):  # more than fit into one message would be told too
            here.ring(conversation)
        await heard(far)
        assert not waiting.done()
        waiting.cancel()


async def test_many_changes_at_once_are_told_in_one_message(make_bell, valkey, own_redis, until) -> None:
    here, there = make_bell(valkey.url), make_bell(valkey.url)
    conversations = [uuid4() for _ in range(200)]
    async with own_redis.pubsub() as channel, AsyncExitStack() as stack:
        await channel.subscribe(CONVERSATION_CHANNEL)
        listeners = [stack.enter_context(there.listen(conversation)) for conversation in conversations]
        await until(lambda: subscribed(own_redis, 2))
        for conversation in conversations:
            here.ring(conversation)
        await asyncio.gather(*map(heard, listeners))
        messages = [await channel.get_message(timeout=1) for _ in range(2)]
        assert [message["type"] for message in messages] == ["subscribe", "message"]
        assert len(messages[1]["data"]) == 16 * 201


async def test_without_redis_a_ring_wakes_those_here_at_once(make_bell, tmp_path) -> None:
    bell = make_bell(f"unix://{tmp_path}/nobody.sock")
    conversation = uuid4()
    with bell.listen(conversation) as listener:
        bell.ring(conversation)
        await heard(listener)


async def test_without_redis_a_change_elsewhere_is_seen_in_the_database(make_bell, versions, tmp_path) -> None:
    bell = make_bell(f"unix://{tmp_path}/nobody.sock", look_every=0.01)
    changed, same, gone = uuid4(), uuid4(), uuid4()
    versions.of = {changed: 1, same: 1}
    with bell.listen(changed) as first, bell.listen(same) as second, bell.listen(gone) as third:
        waiting = asyncio.create_task(second.wait(1))
        changing = asyncio.create_task(first.wait(1))
        await heard(third)
        assert not changing.done()
        versions.of[changed] = 2
        async with asyncio.timeout(10):
            await changing
        assert not waiting.done()
        waiting.cancel()


async def test_a_database_that_is_away_for_a_while_ends_no_looking(make_bell, versions, tmp_path, until) -> None:
    bell = make_bell(f"unix://{tmp_path}/nobody.sock", look_every=0.01)
    conversation = uuid4()
    versions.of[conversation] = 2
    versions.available = False
    with bell.listen(conversation) as listener:
        waiting = asyncio.create_task(listener.wait(1))
        await until(lambda: len(versions.asked) > 2)
        assert not waiting.done()
        versions.available = True
        async with asyncio.timeout(10):
            await waiting


async def test_a_thousand_idle_listeners_are_looked_up_in_one_statement(make_bell, versions, tmp_path, until) -> None:
    bell = make_bell(f"unix://{tmp_path}/nobody.sock", look_every=0.01)
    conversations = [uuid4() for _ in range(500)]
    versions.of = dict.fromkeys(conversations, 1)
    with ExitStack() as stack:
        listeners = [stack.enter_context(bell.listen(conversation)) for conversation in conversations * 2]
        waiting = [asyncio.create_task(listener.wait(1)) for listener in listeners]
        await until(lambda: len(versions.asked) > 3)
        assert all(len(asked) == 500 for asked in versions.asked)
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()


async def test_hints_come_again_after_redis_was_away(make_bell, valkey, own_redis, until) -> None:
    here, there = make_bell(valkey.url), make_bell(valkey.url)
    conversation = uuid4()
    with there.listen(conversation) as listener:
        await until(lambda: subscribed(own_redis, 1))
        await valkey.restart()
        await until(lambda: subscribed(own_redis, 1))
        here.ring(conversation)
        await heard(listener)


async def test_what_is_no_message_of_ours_is_passed_over(make_bell, valkey, own_redis, until) -> None:
    bell = make_bell(valkey.url)
    conversation = uuid4()
    with bell.listen(conversation) as listener:
        await until(lambda: subscribed(own_redis, 1))
        await own_redis.publish(CONVERSATION_CHANNEL, b"")
        await own_redis.publish(CONVERSATION_CHANNEL, b"short")
        await own_redis.publish(CONVERSATION_CHANNEL, uuid4().bytes + conversation.bytes + b"rest")
        await heard(listener)
