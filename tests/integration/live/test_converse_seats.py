"""The seat of a conversation among processes: the newest has it, whatever is lost between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from adapters.live.converse_seats import RedisConverseSeats
from adapters.live.keys import SEAT_CHANNEL, seat_key
from domain.practice.live_streams import ClosingReason, Ending

FAR = 1000.0
SUPERSEDED = ClosingReason.SUPERSEDED


@pytest.fixture
async def make_seats() -> AsyncIterator:
    async with AsyncExitStack() as stack:

        def make(url: str, renew_every: float = FAR) -> RedisConverseSeats:
            seats = RedisConverseSeats(url, renew_every)
            stack.push_async_callback(seats.close)
            return seats

        yield make


@pytest.fixture
async def sit() -> AsyncIterator:
    """Take a seat until the test's end, and return what may end it."""
    async with AsyncExitStack() as stack:

        async def take(seats, conversation) -> Ending:
            ending = Ending()
            await stack.enter_async_context(seats.take(conversation, ending))
            return ending

        yield take


async def key_names(redis, conversation, seats) -> bool:
    """Tell whether the key says that the seat is of that process."""
    held = await redis.get(seat_key(conversation)) or b""
    return held.startswith(seats._process)


async def test_within_a_process_the_newest_has_it_at_once_with_redis_or_without(make_seats, sit, tmp_path) -> None:
    seats, conversation = make_seats(f"unix://{tmp_path}/nobody.sock"), uuid4()
    first, elsewhere = await sit(seats, conversation), await sit(seats, uuid4())
    second = await sit(seats, conversation)
    assert (first.reason, second.reason, elsewhere.reason) == (SUPERSEDED, None, None)


async def test_among_processes_the_newest_has_it(make_seats, sit, valkey, own_redis, until) -> None:
    processes, conversation = [make_seats(valkey.url) for _ in range(3)], uuid4()
    before: list[Ending] = []
    for turn in range(6):
        process = processes[turn % 3]
        newest = await sit(process, conversation)
        await until(lambda process=process: key_names(own_redis, conversation, process))
        await until(lambda: all(ending.reason is SUPERSEDED for ending in before))
        assert newest.reason is None
        before.append(newest)


async def test_of_many_that_come_at_once_one_is_left(make_seats, sit, valkey, until) -> None:
    processes, conversation = [make_seats(valkey.url) for _ in range(3)], uuid4()
    warm = [await sit(process, uuid4()) for process in processes]
    endings = await asyncio.gather(*(sit(processes[number % 3], conversation) for number in range(12)))
    await until(lambda: sum(ending.reason is None for ending in endings) == 1)
    assert all(ending.reason is None for ending in warm)


async def test_a_seat_that_was_taken_while_nothing_was_heard_is_noticed(
    make_seats, sit, valkey, own_redis, until
) -> None:
    here, conversation = make_seats(valkey.url, renew_every=0.05), uuid4()
    ending = await sit(here, conversation)
    await until(lambda: key_names(own_redis, conversation, here))
    await own_redis.set(seat_key(conversation), uuid4().bytes + b"1")  # and its notice was lost
    await until(lambda: ending.reason is SUPERSEDED)


async def test_a_seat_is_kept_through_a_restart_of_redis_and_the_loss_of_its_data(
    make_seats, sit, valkey, own_redis, until
) -> None:
    here, there, conversation = make_seats(valkey.url, 0.05), make_seats(valkey.url, 0.05), uuid4()
    ending = await sit(here, conversation)
    await until(lambda: key_names(own_redis, conversation, here))
    await own_redis.flushall()
    await until(lambda: key_names(own_redis, conversation, here))
    await valkey.restart()
    await until(lambda: _subscribed(own_redis, 1))
    newer = await sit(there, conversation)
    await until(lambda: ending.reason is SUPERSEDED)
    assert newer.reason is None


async def _subscribed(redis, number: int) -> bool:
    return (await redis.pubsub_numsub(SEAT_CHANNEL))[0][1] == number


async def test_a_seat_that_was_left_is_nobodys(make_seats, valkey, own_redis, until) -> None:
    here, there, conversation = make_seats(valkey.url), make_seats(valkey.url), uuid4()
    left, newer = Ending(), Ending()
    async with here.take(conversation, left):
        await until(lambda: key_names(own_redis, conversation, here))
    async with there.take(conversation, newer):
        await until(lambda: key_names(own_redis, conversation, there))
    assert left.reason is newer.reason is None
    assert 0 < await own_redis.ttl(seat_key(conversation)) <= 60
