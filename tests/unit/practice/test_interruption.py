"""Stopping what runs, from outside."""

import asyncio

import pytest

from domain.practice.interruption import Interruption, Reason


async def answer() -> str:
    return "answer"


async def endless() -> str:
    await asyncio.Event().wait()
    return "never"


async def test_what_nobody_interrupts_returns_its_result() -> None:
    interruption = Interruption()
    assert await interruption.guard(answer()) == "answer"
    with pytest.raises(ValueError, match="its own"):
        await interruption.guard(broken())


async def broken() -> str:
    raise ValueError("its own")


async def test_what_runs_is_stopped_and_its_task_goes_on() -> None:
    interruption, later = Interruption(), asyncio.Event()

    async def guarded() -> str | None:
        result = await interruption.guard(endless())
        later.set()
        await asyncio.sleep(0)  # would raise, had the cancellation stayed
        return result

    task = asyncio.create_task(guarded())
    await asyncio.sleep(0)
    interruption.ask(Reason.LEASE_LOST)
    interruption.ask(Reason.CANCELLED)
    assert await task is None
    assert later.is_set()
    assert (interruption.reason, task.cancelling()) == (Reason.LEASE_LOST, 0)


async def test_what_was_interrupted_before_does_not_begin() -> None:
    begun = []

    async def work() -> None:
        begun.append(True)

    interruption = Interruption()
    interruption.ask(Reason.CANCELLED)
    assert await interruption.guard(work()) is None
    assert begun == []


async def test_what_fails_while_it_is_stopped_was_stopped() -> None:
    interruption = Interruption()

    async def fails_to_close() -> str:
        try:
            return await endless()
        finally:
            raise OSError("the provider is gone")

    task = asyncio.create_task(interruption.guard(fails_to_close()))
    await asyncio.sleep(0)
    interruption.ask(Reason.CANCELLED)
    assert await task is None


async def test_what_ends_all_the_same_keeps_its_result() -> None:
    interruption = Interruption()

    async def does_not_mind() -> str:
        try:
            return await endless()
        except asyncio.CancelledError:
            return "answer"

    async def guarded() -> tuple[str | None, int]:
        result = await interruption.guard(does_not_mind())
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        return result, task.cancelling()

    task = asyncio.create_task(guarded())
    await asyncio.sleep(0)
    interruption.ask(Reason.CANCELLED)
    assert await task == ("answer", 0)


async def test_the_end_of_the_process_is_not_taken_for_an_interruption() -> None:
    interruption = Interruption()
    task = asyncio.create_task(interruption.guard(endless()))
    await asyncio.sleep(0)
    task.cancel()
    interruption.ask(Reason.CANCELLED)
    with pytest.raises(asyncio.CancelledError):
        await task
