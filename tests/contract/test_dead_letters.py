"""What every keeper of dead letters does: the one in Postgres, and the one that unit tests use."""

from dataclasses import dataclass, replace
from uuid import uuid4

import pytest
from fakes.audit import FakeDeadLetterStore, a_dead_letter
from fakes.master_keys import MASTER_KEYS
from sqlalchemy import text

from adapters.sql.engine import Connections
from adapters.sql.unit_of_work import SqlReads, SqlUnitOfWork
from domain.audit.dead_letter import OPEN, DeadLetter, DeadLetterState
from domain.audit.ports import Place
from domain.shared.clock import system_clock

ALL = frozenset(DeadLetterState)


@dataclass
class SqlStore:
    """The database, in the form of FakeDeadLetterStore."""

    connections: Connections

    def __post_init__(self) -> None:
        self.reads = SqlReads(self.connections)

    def work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.connections, system_clock, MASTER_KEYS)

    async def put(self, *letters: DeadLetter) -> None:
        async with self.work() as work:
            for letter in letters:
                await work.dead_letters.add(letter)
            await work.commit()


@pytest.fixture(params=["fake", "sql"])
async def store(request, connections):
    if request.param == "fake":
        return FakeDeadLetterStore()
    async with connections.transaction() as connection:
        await connection.execute(text("DELETE FROM dead_letter"))
        await connection.commit()
    return SqlStore(connections)


async def newest(store, states=ALL, before=None, limit=10):
    async with store.reads() as reads:
        return list(await reads.dead_letters.newest(states, before, limit))


async def test_the_newest_come_first_and_those_of_one_moment_in_a_stable_order(store):
    letters = [a_dead_letter(minutes=minutes) for minutes in (1, 3, 2, 2)]
    await store.put(*letters)
    found = await newest(store)
    assert found == sorted(letters, key=lambda letter: (letter.created_at, letter.id), reverse=True)
    assert await newest(store, limit=2) == found[:2]


async def test_a_page_begins_after_its_place(store):
    await store.put(*(a_dead_letter(minutes=minutes) for minutes in (1, 1, 1, 2)))
    found = await newest(store)
    for number, letter in enumerate(found):
        assert await newest(store, before=Place(letter.created_at, letter.id)) == found[number + 1 :]


async def test_states_are_chosen(store):
    letters = {state: a_dead_letter(state=state) for state in DeadLetterState}
    await store.put(*letters.values())
    for state, letter in letters.items():
        assert await newest(store, {state}) == [letter]
    assert {letter.state for letter in await newest(store, OPEN)} == {DeadLetterState.DEAD, DeadLetterState.QUEUED}


async def test_what_is_saved_is_read_again(store):
    letter = a_dead_letter()
    await store.put(letter, a_dead_letter())
    later = a_dead_letter(minutes=9).updated_at
    changed = replace(
        letter, state=DeadLetterState.QUEUED, reason="EVENT_BROKEN", error="so", tries=6, updated_at=later
    )
    async with store.work() as work:
        assert await work.dead_letters.lock(letter.id) == letter
        await work.dead_letters.save(changed)
        await work.commit()
    async with store.work() as work:
        assert await work.dead_letters.lock(letter.id) == changed


async def test_what_is_not_committed_did_not_happen(store):
    letter = a_dead_letter()
    await store.put(letter)
    async with store.work() as work:
        await work.dead_letters.save(replace(letter, tries=9))
    assert await newest(store) == [letter]


async def test_there_is_nothing_to_lock_of_an_unknown_one(store):
    async with store.work() as work:
        assert await work.dead_letters.lock(uuid4()) is None
