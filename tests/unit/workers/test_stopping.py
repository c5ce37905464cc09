"""Work that ends when it is asked to, and takes nothing along that others need."""

import asyncio

import pytest

from workers.stopping import first_of, rest, until_asked


async def forever(ended: asyncio.Event) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.set()


async def test_the_others_have_ended_when_the_first_does() -> None:
    ended = asyncio.Event()
    await first_of(asyncio.sleep(0), forever(ended))
    assert ended.is_set()


async def test_what_the_first_raises_is_raised() -> None:
    async def fails() -> None:
        raise ZeroDivisionError

    ended = asyncio.Event()
    with pytest.raises(ZeroDivisionError):
        await first_of(forever(ended), fails())
    assert ended.is_set()


async def test_cancelling_the_wait_cancels_the_works() -> None:
    ended = asyncio.Event()
    waiting = asyncio.create_task(first_of(forever(ended), forever(asyncio.Event())))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.is_set()


async def test_work_goes_on_until_it_is_asked_to_end() -> None:
    ended, stopping = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(until_asked(lambda: forever(ended))(stopping))
    await asyncio.sleep(0)
    assert not running.done()
    stopping.set()
    async with asyncio.timeout(5):
        await running
    assert ended.is_set()


async def test_a_rest_ends_with_its_time_or_its_event() -> None:
    event = asyncio.Event()
    await rest(event, 0.001)
    event.set()
    async with asyncio.timeout(5):
        await rest(event, 60)
