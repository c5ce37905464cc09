"""Keeping the leases of a process."""

import asyncio
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.practice.attempt import Attempt
from domain.practice.interruption import Interruption, Reason
from domain.practice.lease_keeper import KEEPING, TOGETHER, LeaseKeeper
from domain.shared.errors import Unavailable

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Recorded:
    """Leases that answer as they are told to."""

    def __init__(self) -> None:
        self.sizes: asyncio.Queue[int] = asyncio.Queue()
        """How many are renewed together, each time."""
        self.faults: list[Exception] = []
        self.left_out: set = set()
        self.unwanted: set = set()
        self.lost: set = set()
        self.alone = 0

    async def renew_all(self, held):
        self.sizes.put_nowait(len(held))
        if self.faults:
            raise self.faults.pop(0)
        ids = [each.id for each, _ in held if each.id not in self.left_out]
        return {each: NOW if each in self.unwanted else None for each in ids}

    async def renew(self, held, _checkpoint):
        self.alone += 1
        if held.id in self.lost:
            return None
        return replace(held, cancel_requested_at=NOW if held.id in self.unwanted else None)


@pytest.fixture
def leases() -> Recorded:
    return Recorded()


@pytest.fixture
async def keeper(leases):
    keeper = LeaseKeeper(leases, every=0.02)
    yield keeper
    await keeper.close()


@pytest.fixture
def attempt_of(app, leases):
    async def make() -> Attempt:
        return Attempt(await app.queue(), app.log, leases, Interruption())

    return make


@contextmanager
def kept(keeper: LeaseKeeper, attempts):
    with ExitStack() as stack:
        for each in attempts:
            stack.enter_context(keeper.keeping(each))
        yield


async def soon(awaitable):
    async with asyncio.timeout(5):
        return await awaitable


async def interrupted(attempt) -> None:
    assert await soon(attempt.interruption.guard(asyncio.Event().wait())) is None


async def test_those_that_are_due_together_are_renewed_together_again_and_again(leases, attempt_of) -> None:
    seconds = 0.0
    keeper = LeaseKeeper(leases, every=0.02, now=lambda: seconds)
    attempts = [await attempt_of() for _ in range(TOGETHER + 1)]
    with kept(keeper, attempts):
        for _ in range(2):
            seconds += 0.02
            assert [await soon(leases.sizes.get()), await soon(leases.sizes.get())] == [TOGETHER, 1]
    assert leases.sizes.empty()
    assert leases.alone == 0
    assert all(each.interruption.reason is None for each in attempts)
    await keeper.close()


async def test_a_reply_that_has_ended_is_renewed_no_more(keeper, leases, attempt_of) -> None:
    with kept(keeper, [await attempt_of()]):
        assert await soon(leases.sizes.get()) == 1
    await soon(asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == KEEPING)))
    assert leases.sizes.empty()
    with kept(keeper, [await attempt_of()]):
        assert await soon(leases.sizes.get()) == 1


@pytest.mark.parametrize("fault", [Unavailable("no database"), ValueError("a bug")])
async def test_a_renewal_that_failed_is_tried_again(keeper, leases, attempt_of, fault) -> None:
    leases.faults = [fault]
    attempt = await attempt_of()
    with kept(keeper, [attempt]):
        for _ in range(2):
            await soon(leases.sizes.get())
    assert attempt.interruption.reason is None


async def test_an_unwanted_reply_is_interrupted(keeper, leases, attempt_of) -> None:
    wanted, unwanted = await attempt_of(), await attempt_of()
    leases.unwanted = {unwanted.held.id}
    with kept(keeper, [wanted, unwanted]):
        await interrupted(unwanted)
    assert (wanted.interruption.reason, unwanted.interruption.reason) == (None, Reason.CANCELLED)


async def test_what_was_not_renewed_with_the_others_is_renewed_alone(keeper, leases, attempt_of) -> None:
    busy, lost, unwanted = [await attempt_of() for _ in range(3)]
    leases.left_out = {each.held.id for each in (busy, lost, unwanted)}
    leases.lost, leases.unwanted = {lost.held.id}, {unwanted.held.id}
    with kept(keeper, [busy, lost, unwanted]):
        await interrupted(lost)
        await interrupted(unwanted)
    assert busy.interruption.reason is None
    assert (lost.interruption.reason, unwanted.interruption.reason) == (Reason.LEASE_LOST, Reason.CANCELLED)
