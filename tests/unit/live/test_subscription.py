"""A reader's queue never blocks who delivers, and never keeps more than its bound."""

import asyncio
from uuid import UUID

from adapters.live.subscription import QUEUE, Subscription
from domain.practice.reply import LogEntry, Position, TextDelta

LONG = 60.0


def entry(sequence: int) -> LogEntry:
    return LogEntry(Position(1, sequence), sequence, TextDelta("word"))


async def test_entries_come_in_the_order_of_delivery() -> None:
    subscription = Subscription(UUID(int=1))
    subscription.put(entry(1))
    subscription.put(entry(2))
    assert [await subscription.next(LONG), await subscription.next(LONG)] == [entry(1), entry(2)]


async def test_a_waiting_reader_is_woken() -> None:
    subscription = Subscription(UUID(int=1))
    waiting = asyncio.ensure_future(subscription.next(LONG))
    await asyncio.sleep(0)
    subscription.put(entry(1))
    assert await asyncio.wait_for(waiting, 1) == entry(1)


async def test_silence_sends_the_reader_to_the_log() -> None:
    assert await asyncio.wait_for(Subscription(UUID(int=1)).next(0.001), 1) is None


async def test_a_full_queue_is_dropped_and_sends_the_reader_to_the_log() -> None:
    subscription = Subscription(UUID(int=1))
    for sequence in range(1, QUEUE + 3):
        subscription.put(entry(sequence))
    assert await subscription.next(LONG) is None

    subscription.clear()
    subscription.put(entry(QUEUE + 3))

    assert await subscription.next(LONG) == entry(QUEUE + 3)
