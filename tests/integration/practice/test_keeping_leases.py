"""Leases that are renewed together, over a real database."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from fakes.accounts import add_account
from fakes.role_plays import SqlStore
from sqlalchemy import select

from adapters.sql.tables.practice import generation
from domain.practice.chat import Author
from domain.practice.leases import Leases
from domain.practice.model import Generation, Turn, queue_generation, start_conversation
from domain.practice.ports import Checkpoint
from domain.shared.clock import system_clock


@pytest.fixture
def store(connections) -> SqlStore:
    return SqlStore(connections)


@pytest.fixture
def leases(store) -> Leases:
    return Leases(store.work, system_clock)


@pytest.fixture
def held(store, leases, connections):
    async def begin() -> Generation:
        now = system_clock()
        started = start_conversation(await add_account(connections), "late_check_in", now)
        turn = Turn(
            id=uuid4(),
            conversation_id=started.id,
            position=1,
            author=Author.LEARNER,
            text="Good evening.",
            partial=False,
            client_message_id="m-1",
            generation_id=uuid4(),
            created_at=now,
            version=1,
        )
        queued = queue_generation(turn.generation_id, turn, started, timedelta(seconds=15))
        async with store.work() as work:
            await work.conversations.add(started)
            await work.turns.add(turn)
            await work.generations.add(queued)
            await work.commit()
        return await leases.take_to_produce(queued, "m")

    return begin


async def test_a_row_that_somebody_has_locked_holds_up_no_other(connections, leases, held) -> None:
    free, locked = await held(), await held()
    given = [(each, Checkpoint("So far", 3)) for each in (locked, free)]
    async with connections.transaction() as other:
        await other.execute(select(generation.c.id).where(generation.c.id == locked.id).with_for_update())
        async with asyncio.timeout(5):
            assert await leases.renew_all(given) == {free.id: None}
    assert await leases.renew_all(given) == {free.id: None, locked.id: None}


async def test_long_replies_are_renewed_at_once(store, leases, held) -> None:
    several = [await held() for _ in range(20)]
    renewed = await leases.renew_all([(each, Checkpoint("x" * 65_536, 3)) for each in several])
    assert set(renewed) == {each.id for each in several}
    async with store.reads() as reads:
        found = [await reads.generations.get(each.id) for each in several]
    assert all(
        now.partial_text == "x" * 65_536 and now.lease_until >= was.lease_until
        for was, now in zip(several, found, strict=True)
    )
