"""What every keeper of token budgets does: Postgres, and the one that unit tests use."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fakes.accounts import add_account
from fakes.catalog import FakeScenarios
from fakes.master_keys import MASTER_KEYS
from fakes.practice import FakePracticeStore

from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.shared.clock import system_clock

TODAY = datetime(2026, 3, 1, tzinfo=UTC).date()
LIMIT = 100


@pytest.fixture(params=["fake", "sql"])
def work(request, connections):
    """Make a unit of work under a limit."""
    if request.param == "sql":
        return lambda: SqlUnitOfWork(connections, system_clock, MASTER_KEYS, daily_tokens=LIMIT)
    store = FakePracticeStore(FakeScenarios([]))
    store.daily_tokens = LIMIT
    return store.work


@pytest.fixture
async def learner(connections):
    return await add_account(connections)


async def reserve(work, learner, tokens, day=TODAY) -> bool:
    async with work() as transaction:
        done = await transaction.token_budgets.reserve(learner, day, tokens)
        await transaction.commit()
    return done


async def settle(work, learner, reserved, spent) -> None:
    async with work() as transaction:
        await transaction.token_budgets.settle(learner, TODAY, reserved, spent)
        await transaction.commit()


async def test_what_is_set_aside_and_spent_stays_within_the_limit(work, learner) -> None:
    assert await reserve(work, learner, 60)
    assert not await reserve(work, learner, 60)
    await settle(work, learner, 60, 10)
    assert await reserve(work, learner, 90)
    assert not await reserve(work, learner, 1)


async def test_more_than_the_limit_is_never_set_aside(work, learner) -> None:
    assert not await reserve(work, learner, LIMIT + 1)
    assert await reserve(work, learner, LIMIT)


async def test_each_day_and_each_learner_has_its_own(work, learner, connections) -> None:
    assert await reserve(work, learner, LIMIT)
    assert await reserve(work, learner, LIMIT, TODAY + timedelta(days=1))
    assert await reserve(work, await add_account(connections), LIMIT)


async def test_what_costs_more_than_was_set_aside_counts_whole(work, learner) -> None:
    assert await reserve(work, learner, 50)
    await settle(work, learner, 50, 5 * LIMIT)
    assert not await reserve(work, learner, 1)


async def test_what_was_never_set_aside_settles_to_nothing(work, learner) -> None:
    await settle(work, learner, 50, 50)
    assert await reserve(work, learner, LIMIT)


async def test_of_two_at_once_the_second_sees_the_first(work, learner) -> None:
    done = await asyncio.gather(*(reserve(work, learner, 30) for _ in range(8)))
    assert sum(done) == 3


async def test_what_is_undone_was_not_set_aside(work, learner) -> None:
    async with work() as transaction:
        assert await transaction.token_budgets.reserve(learner, TODAY, LIMIT)
    assert await reserve(work, learner, LIMIT)
