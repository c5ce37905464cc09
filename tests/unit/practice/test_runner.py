"""The productions of a process."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from adapters.live.runner import LocalRunner
from domain.practice.interruption import Interruption


@dataclass(frozen=True)
class Reply:
    """As much of a generation as a runner looks at."""

    id: UUID = field(default_factory=uuid4)


async def until_cancelled(_generation, interruption: Interruption) -> None:
    await interruption.guard(asyncio.Event().wait())


async def test_a_reply_runs_once_until_it_is_cancelled() -> None:
    ended = asyncio.Event()

    async def produce(generation, interruption) -> None:
        await until_cancelled(generation, interruption)
        ended.set()

    runner, reply = LocalRunner(produce), Reply()
    runner.start(reply)
    runner.start(reply)
    assert len(runner) == 1
    runner.cancel(uuid4())
    await asyncio.sleep(0)
    assert len(runner) == 1
    runner.cancel(reply.id)
    await asyncio.wait_for(ended.wait(), 5)
    await runner.stop(grace=5)
    assert len(runner) == 0


async def test_a_process_takes_no_more_than_it_can_bear() -> None:
    runner = LocalRunner(until_cancelled, most=2)
    for _ in range(3):
        runner.start(Reply())
    assert len(runner) == 2
    await runner.stop(grace=0)
    assert len(runner) == 0


async def test_a_stopping_process_lets_replies_end_and_starts_none() -> None:
    ended = []

    async def produce(generation, _cancel) -> None:
        await asyncio.sleep(0)
        ended.append(generation)

    runner, reply = LocalRunner(produce), Reply()
    runner.start(reply)
    await runner.stop(grace=5)
    runner.start(Reply())
    assert (ended, len(runner)) == ([reply], 0)


async def test_after_the_grace_a_reply_is_broken_off_and_waited_for() -> None:
    kept = []

    async def produce(generation, interruption) -> None:
        try:
            await interruption.guard(asyncio.Event().wait())
        finally:
            await asyncio.sleep(0)
            kept.append(generation)

    runner, reply = LocalRunner(produce), Reply()
    runner.start(reply)
    await asyncio.sleep(0)
    await runner.stop(grace=0)
    assert kept == [reply]


async def test_a_production_that_failed_is_logged(caplog) -> None:
    async def produce(_generation, _cancel) -> None:
        raise ValueError("a bug")

    runner, reply = LocalRunner(produce), Reply()
    runner.start(reply)
    await runner.stop(grace=5)
    await asyncio.sleep(0)
    assert str(reply.id) in caplog.text
    assert len(runner) == 0
