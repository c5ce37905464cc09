"""One holder at a time, and what becomes of the work when the lock is lost."""

import asyncio
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.live.connection import connect
from adapters.live.distributed_lock import DistributedLock, LockLost, LockTaken, LockUnavailable

HOLDER = Path(__file__).with_name("lock_holder.py")
KEY = "fp:lock:{work}"
WITHIN = 0.2
"""Seconds after which the work under a lost lock must have been cancelled; and some for a busy machine."""
SLACK = 0.3


@pytest.fixture
async def make_lock(valkey) -> AsyncIterator[Callable[..., DistributedLock]]:
    """Make a lock over connections of its own: each stands for one process."""
    async with AsyncExitStack() as stack:

        def make(ttl: float = 1.0) -> DistributedLock:
            redis = connect(valkey.url, 2)
            stack.push_async_callback(redis.aclose)
            return DistributedLock(redis, "work", ttl)

        yield make


@pytest.fixture
async def holder(valkey, database_url, fenced) -> AsyncIterator[Callable[..., object]]:
    """Start a process that holds the lock."""
    processes: list[Process] = []

    async def start(ttl: float) -> Process:
        arguments = (str(HOLDER), valkey.url, database_url, str(ttl))
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE)
        processes.append(process)
        assert await line(process) == ["held", "1"]
        return process

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def fenced(connections) -> AsyncIterator[None]:
    """A row that is written by compare-and-set alone."""
    await _execute(connections, "CREATE TABLE fenced AS SELECT 1 AS version")
    yield
    await _execute(connections, "DROP TABLE fenced")


async def _execute(connections, statement: str) -> int:
    async with connections.reading() as connection:
        return (await connection.execute(text(statement))).rowcount


async def line(process: Process) -> list[str]:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode().split()


async def forever() -> None:
    await asyncio.Event().wait()


async def test_of_many_who_want_it_one_holds_it_at_a_time(make_lock) -> None:
    inside, most, turns = 0, 0, 0

    async def work(lock: DistributedLock) -> None:
        nonlocal inside, most, turns
        async with lock.hold(within=20.0):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1
            turns += 1

    await asyncio.gather(*(work(make_lock()) for _ in range(8)))
    assert (most, turns) == (1, 8)


async def test_a_lock_that_is_held_for_longer_than_its_time_is_extended(make_lock) -> None:
    refused = 0
    async with make_lock(ttl=0.3).hold():
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            with pytest.raises(LockTaken):
                async with make_lock().hold():
                    pass
            refused += 1
            await asyncio.sleep(0.02)
    assert refused > 10


async def test_the_wait_for_a_lock_that_is_taken_is_bounded(make_lock) -> None:
    async with make_lock().hold():
        started = time.monotonic()
        with pytest.raises(LockTaken):
            async with make_lock().hold(within=0.2):
                pass
        assert time.monotonic() - started < 0.2 + SLACK


async def test_a_lock_is_free_after_its_block_however_that_ends(make_lock) -> None:
    with pytest.raises(ZeroDivisionError):
        async with make_lock().hold():
            raise ZeroDivisionError
    async with make_lock().hold():
        pass


async def test_a_cancellation_from_outside_is_left_as_it_is_and_frees_the_lock(make_lock) -> None:
    held = asyncio.Event()

    async def work() -> None:
        async with make_lock().hold():
            held.set()
            await forever()

    task = asyncio.create_task(work())
    await held.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with make_lock().hold():
        pass


async def test_the_lock_of_a_killed_holder_is_free_after_its_time(make_lock, holder) -> None:
    process = await holder(1.0)
    with pytest.raises(LockTaken):
        async with make_lock().hold():
            pass
    process.kill()
    killed = time.monotonic()
    async with make_lock().hold(within=5.0):
        assert time.monotonic() - killed < 1.0 + 0.5 + SLACK  # its time, and the longest pause between two tries


async def test_a_stopped_holder_is_cancelled_when_it_wakes_and_overwrites_nothing(
    make_lock, holder, connections
) -> None:
    process = await holder(0.5)
    process.send_signal(signal.SIGSTOP)
    async with make_lock().hold(within=5.0):
        assert await _execute(connections, "UPDATE fenced SET version = version + 1 WHERE version = 1") == 1
    process.send_signal(signal.SIGCONT)
    word, since_waking = await line(process)
    assert word == "lost"
    assert float(since_waking) < WITHIN
    assert await line(process) == ["wrote", "0"]


@pytest.mark.parametrize("trouble", ["killed", "stopped"])
async def test_a_holder_who_is_cut_off_is_cancelled_before_its_time_is_over(valkey, make_lock, trouble) -> None:
    ttl = 1.0
    with pytest.raises(LockLost):
        async with make_lock(ttl).hold():
            cut_off = time.monotonic()
            valkey.kill() if trouble == "killed" else valkey.signal(signal.SIGSTOP)
            try:
                await forever()
            finally:
                lost_after = time.monotonic() - cut_off
                if trouble == "stopped":
                    valkey.signal(signal.SIGCONT)
    assert lost_after < ttl + WITHIN


async def test_a_holder_bears_with_a_server_that_is_away_for_a_moment(valkey, make_lock) -> None:
    async with make_lock(ttl=5.0).hold():
        await valkey.restart()
        with pytest.raises(LockTaken):
            async with make_lock().hold():
                pass


async def test_a_holder_whom_the_server_does_not_know_any_more_is_cancelled_and_frees_nothing(
    own_redis, make_lock
) -> None:
    ttl = 0.6
    with pytest.raises(LockLost):
        async with make_lock(ttl).hold():
            await own_redis.set(KEY, "somebody else")
            lost = time.monotonic()
            try:
                await forever()
            finally:
                lost = time.monotonic() - lost
    assert lost < ttl / 4 + WITHIN
    assert await own_redis.get(KEY) == b"somebody else"


async def test_without_the_server_nobody_can_say_who_holds_the_lock(valkey, make_lock) -> None:
    valkey.kill()
    with pytest.raises(LockUnavailable):
        async with make_lock().hold(within=5.0):
            pass
