"""A block that is cancelled when its lock is lost."""

import asyncio

import pytest

from adapters.live.lock_lease import Lease

TTL = 0.06


def lease(extend, ttl: float = TTL) -> Lease:
    return Lease(asyncio.get_running_loop().time() + ttl, ttl, extend)


async def forever() -> None:
    await asyncio.Event().wait()


async def granted() -> bool:
    return True


async def refused() -> bool:
    return False


async def away() -> bool:
    raise ConnectionError


async def silent() -> bool:
    await forever()
    return True


@pytest.mark.parametrize("extend", [refused, away, silent])
async def test_the_work_is_cancelled_when_the_lock_cannot_be_extended(extend) -> None:
    async with asyncio.timeout(5), lease(extend) as held:
        await forever()
    assert held.lost
    assert asyncio.current_task().cancelling() == 0


async def test_the_work_goes_on_while_the_lock_is_extended() -> None:
    asked = asyncio.Event()
    times = 0

    async def extend() -> bool:
        nonlocal times
        times += 1
        if times == 8:
            asked.set()
        return True

    async with asyncio.timeout(5), lease(extend) as held:
        await asked.wait()  # for twice its time
    assert not held.lost


async def test_two_failed_extensions_are_borne() -> None:
    answers = iter([away, away, granted])
    extended = asyncio.Event()

    async def extend() -> bool:
        good = await next(answers, granted)()
        extended.set()
        return good

    async with asyncio.timeout(5), lease(extend, ttl=0.3) as held:
        await extended.wait()
    assert not held.lost


async def test_a_lock_whose_time_is_over_already_is_lost_at_once() -> None:
    async with asyncio.timeout(5), Lease(asyncio.get_running_loop().time() - 1, TTL, granted) as held:
        await forever()
    assert held.lost


async def test_work_that_ends_otherwise_ends_so() -> None:
    with pytest.raises(ZeroDivisionError):
        async with lease(granted):
            raise ZeroDivisionError
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), lease(granted, ttl=5):
            await forever()


async def test_who_is_cancelled_by_both_stays_cancelled() -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with lease(refused):
            inside.set()
            try:
                await forever()
            finally:
                asyncio.current_task().cancel()

    task = asyncio.create_task(work())
    await inside.wait()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_after_the_block_nobody_is_cancelled_any_more() -> None:
    async with lease(refused) as held:
        pass
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(2 * TTL, over.set)
    await over.wait()
    assert not held.lost
