"""One process sweeps at a time, and each when nobody can say which."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from adapters.live.distributed_lock import LockLost, LockTaken, LockUnavailable
from workers.sweeper import STAND_SECONDS, SWEEP_SECONDS


class FakeLock:
    """Does what the next of its instructions says: an error of trying to hold it, or None, and then it is held."""

    def __init__(self, *instructions: type[Exception] | None) -> None:
        self.instructions = list(instructions)

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        instruction = self.instructions.pop(0)
        if instruction is not None:
            raise instruction
        yield


def pauses(most: int) -> tuple[list[float], Callable[[float], object]]:
    """Return the pauses made, and what makes them and ends it all with the last."""
    made: list[float] = []

    async def pause(seconds: float) -> None:
        made.append(seconds)
        if len(made) == most:
            raise asyncio.CancelledError

    return made, pause


@pytest.fixture
async def sweep(app, clock):
    """Run a sweeper under a lock for so many pauses; give these, and how often it found a reply whose producer died."""
    await app.leases.take_to_produce(await app.queue(), "dead-model")
    clock.advance(seconds=16)

    async def run(lock: FakeLock, most: int) -> tuple[list[float], int]:
        made, pause = pauses(most)
        found = []

        async def recover(generation) -> None:
            found.append(generation)

        with pytest.raises(asyncio.CancelledError):
            await replace(app.sweeper, recover=recover, lock=lock, pause=pause).run()
        return made, len(found)

    return run


async def test_who_holds_the_lock_goes_on_sweeping(sweep) -> None:
    assert await sweep(FakeLock(None), 3) == ([SWEEP_SECONDS] * 3, 3)


async def test_nobody_sweeps_beside_another(sweep) -> None:
    assert await sweep(FakeLock(LockTaken, LockTaken), 2) == ([STAND_SECONDS] * 2, 0)


async def test_everybody_sweeps_when_nobody_can_say_who_holds_the_lock(sweep) -> None:
    assert await sweep(FakeLock(LockUnavailable, LockUnavailable), 2) == ([SWEEP_SECONDS] * 2, 2)


async def test_who_has_lost_the_lock_stands_for_it_again(sweep) -> None:
    assert await sweep(FakeLock(LockLost, None), 1) == ([SWEEP_SECONDS], 1)
