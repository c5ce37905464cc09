"""Answers are kept for a day, sealed with their owner's key."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from fakes.accounts import add_account
from fakes.identity import SettableClock
from fakes.master_keys import MASTER_KEYS
from sqlalchemy import text

from adapters.sql.answers import KEPT, Answers
from adapters.sql.engine import Connections
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.shared.once import AlreadyAnswered, IdempotencyKeyReused, Once, RequestInProgress, current_once


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def answers(connections: Connections, clock: SettableClock) -> Answers:
    return Answers(connections, MASTER_KEYS, clock)


@pytest.fixture
async def user(connections: Connections) -> UUID:
    return await add_account(connections)


def request(user: UUID, key: UUID, digest: bytes = b"same") -> Once:
    return Once(user, "/a.B/C", key, digest, encode=lambda result: str(result).encode())


async def test_an_answer_is_kept_for_a_day(answers, clock, user) -> None:
    key = uuid4()
    await answers.keep(request(user, key), "first")
    clock.now += KEPT - timedelta(seconds=1)
    assert await answers.find(request(user, key)) == b"first"
    clock.now += timedelta(seconds=2)
    assert await answers.find(request(user, key)) is None
    await answers.keep(request(user, key, b"another"), "second")
    assert await answers.find(request(user, key, b"another")) == b"second"


async def test_a_key_with_other_contents_is_refused(answers, user) -> None:
    key = uuid4()
    await answers.keep(request(user, key), "first")
    with pytest.raises(IdempotencyKeyReused):
        await answers.find(request(user, key, b"another"))


async def test_two_cannot_carry_out_one_request_at_a_time(answers, connections, clock, user) -> None:
    once = request(user, uuid4())
    token = current_once.set(once)
    try:
        async with SqlUnitOfWork(connections, clock, MASTER_KEYS) as work:
            with pytest.raises(RequestInProgress):
                await answers.keep(request(user, once.key), "second")
            await work.commit("first")
        with pytest.raises(AlreadyAnswered) as already:
            await answers.keep(request(user, once.key), "second")
    finally:
        current_once.reset(token)
    assert already.value.answer == b"first"
    assert once.is_kept


async def test_a_unit_of_work_that_is_undone_keeps_no_answer(answers, connections, clock, user) -> None:
    once = request(user, uuid4())
    token = current_once.set(once)
    try:
        async with SqlUnitOfWork(connections, clock, MASTER_KEYS):
            pass
    finally:
        current_once.reset(token)
    assert await answers.find(request(user, once.key)) is None
    await answers.keep(request(user, once.key), "now")
    assert await answers.find(request(user, once.key)) == b"now"


async def test_a_repeat_gives_its_connection_back(answers, connections, clock, user) -> None:
    """Twice as often as there are connections: none is lost."""
    key = uuid4()
    await answers.keep(request(user, key), "first")
    for _ in range(20):
        token = current_once.set(request(user, key))
        try:
            with pytest.raises(AlreadyAnswered):
                async with SqlUnitOfWork(connections, clock, MASTER_KEYS):
                    raise AssertionError("it was carried out before")
        finally:
            current_once.reset(token)


async def test_with_its_owners_key_an_answer_is_gone(answers, connections, user) -> None:
    key = uuid4()
    await answers.keep(request(user, key), "first")
    async with connections.transaction() as connection:
        await connection.execute(text("DELETE FROM user_key WHERE user_id = :user"), {"user": user})
        await connection.commit()
    assert await answers.find(request(user, key)) is None
