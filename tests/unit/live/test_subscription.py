"""A reader's queue never blocks who delivers, and never keeps more than its bound."""

import asyncio
from uuid import UUID

from adapters.live.silences import Silences
from adapters.live.subscription import QUEUE, Subscription
from domain.practice.reply import LogEntry, Position, TextDelta

LONG = 60.0


def entry(sequence: int) -> LogEntry:
    return LogEntry(Position(1, sequence), sequence, TextDelta("word"))


async def test_entries_come_in_the_order_of_delivery() -> None:
    subscription = Subscription(UUID(int=1))
    subscription.put(entry(1))
    subscription.put(entry(2))
    assert [await subscription.arrival(Silences(LONG)), await subscription.arrival(Silences(LONG))] == [
        entry(1),
        entry(2),
    ]


async def test_a_waiting_reader_is_woken() -> None:
    subscription = Subscription(UUID(int=1))
    waiting = asyncio.ensure_future(subscription.arrival(Silences(LONG)))
    await asyncio.sleep(0)
    subscription.put(entry(1))
    assert await asyncio.wait_for(waiting, 1) == entry(1)


async def test_silence_sends_the_reader_to_the_log() -> None:
    assert await asyncio.wait_for(Subscription(UUID(int=1)).arrival(Silences(0.001)), 1) is None


async def test_a_full_queue_is_dropped_and_sends_the_reader_to_the_log() -> None:
    subscription = Subscription(UUID(int=1))
    for sequence in range(1, QUEUE + 3):
        subscription.put(entry(sequence))
    assert await subscription.arrival(Silences(LONG)) is None

    subscription.clear()
    subscription.put(entry(QUEUE + 3))

    assert await subscription.arrival(Silences(LONG)) == entry(QUEUE + 3)


async def test_one_timer_wakes_each_reader_that_waits_too_long_and_none_that_does_not() -> None:
    silences = Silences(0.05)
    silent, spoken = Subscription(UUID(int=1)), Subscription(UUID(int=2))
    began = asyncio.get_running_loop().time()
    waiting = asyncio.ensure_future(silent.arrival(silences))
    heard = 0
    while not waiting.done():
        spoken.put(entry(heard + 1))
        assert await spoken.arrival(silences) == entry(heard + 1)
        heard += 1
        await asyncio.sleep(0)
    assert await waiting is None
    assert asyncio.get_running_loop().time() - began >= 0.05
    assert heard


async def test_each_silence_of_the_same_reader_is_noticed() -> None:
    silences, subscription = Silences(0.002), Subscription(UUID(int=1))
    async with asyncio.timeout(5):
        assert [await subscription.arrival(silences) for _ in range(3)] == [None] * 3
