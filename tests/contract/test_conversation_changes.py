"""What every keeper tells of changes between two versions of a conversation: Postgres, and that of unit tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fakes.accounts import add_account
from fakes.catalog import FakeScenarios
from fakes.master_keys import MASTER_KEYS
from fakes.practice import FakePracticeStore
from fakes.role_plays import SqlStore

from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.practice.chat import Author
from domain.practice.ending import completed
from domain.practice.model import Conversation, Generation, Turn, queue_generation, start_conversation
from domain.shared.clock import system_clock

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=15)


class TellingSqlStore(SqlStore):
    """The database, with somebody who is told of changes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.told: list[UUID] = []

    def work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.connections, system_clock, MASTER_KEYS, changed=self.told.append)


class TellingFakeStore(FakePracticeStore):
    """The one of unit tests, with the same."""

    def __init__(self) -> None:
        super().__init__(FakeScenarios([]))
        self.told: list[UUID] = []
        self.changed = self.told.append


@pytest.fixture(params=["fake", "sql"])
def store(request, connections):
    return TellingFakeStore() if request.param == "fake" else TellingSqlStore(connections)


@pytest.fixture
async def conversation(store, connections) -> Conversation:
    """One with turns 1 to 4, which came with the versions 1, 2, 3, 3; turn 3 changed in version 5."""
    started = start_conversation(await add_account(connections), "late_check_in", NOW)
    async with store.work() as work:
        await work.conversations.add(started)
        for position, version in enumerate((1, 2, 5, 3), start=1):
            await work.turns.add(a_turn(started, position, version))
        await work.commit()
    return started


def a_turn(conversation: Conversation, position: int, version: int) -> Turn:
    key = f"m-{position}"
    return Turn(uuid4(), conversation.id, position, Author.LEARNER, key, False, key, None, NOW, version)


async def changed(store, conversation_id: UUID, after: int, until: int, page: tuple[int, int] = (0, 9)) -> list[int]:
    """Return the positions of what changed; `page` is a position and a limit."""
    async with store.reads() as reads:
        turns = await reads.turns.changed(conversation_id, (after, until), *page)
    return [turn.position for turn in turns]


async def test_turns_come_by_the_version_of_their_last_change_in_order(store, conversation) -> None:
    assert await changed(store, conversation.id, 0, 9) == [1, 2, 3, 4]
    assert await changed(store, conversation.id, 0, 3) == [1, 2, 4]
    assert await changed(store, conversation.id, 2, 5) == [3, 4]
    assert await changed(store, conversation.id, 3, 4) == []
    assert await changed(store, uuid4(), 0, 9) == []


async def test_turns_come_in_pages(store, conversation) -> None:
    assert await changed(store, conversation.id, 0, 9, (0, 3)) == [1, 2, 3]
    assert await changed(store, conversation.id, 0, 9, (3, 3)) == [4]


async def test_a_generation_comes_with_its_beginning_and_with_its_end(store, conversation) -> None:
    turn = replace(a_turn(conversation, 5, 6), generation_id=uuid4())
    queued = queue_generation(turn.generation_id, turn, replace(conversation, version=6), LATER - NOW)
    async with store.work() as work:
        await work.turns.add(turn)
        await work.generations.add(queued)
        await work.commit()
    assert await _generations(store, conversation, 5, 6) == [queued]
    assert await _generations(store, conversation, 6, 9) == []
    async with store.work() as work:
        held = await work.generations.claim(queued, NOW, LATER, "a")
        await work.generations.end(held, completed("Yes.", "stop", None), 3, replace(conversation, version=7))
        await work.commit()
    assert [one.status.value for one in await _generations(store, conversation, 6, 7)] == ["completed"]
    assert [one.version for one in await _generations(store, conversation, 0, 9)] == [7]
    assert await _generations(store, conversation, 0, 6) == []


async def _generations(store, conversation: Conversation, after: int, until: int) -> list[Generation]:
    async with store.reads() as reads:
        return list(await reads.generations.changed(conversation.id, (after, until)))


async def test_the_versions_of_many_are_told_at_once(store, conversation) -> None:
    async with store.work() as work:
        await work.conversations.save(conversation.end(LATER))
        await work.commit()
    async with store.reads() as reads:
        assert await reads.conversations.versions([conversation.id, uuid4()]) == {conversation.id: 2}
        assert await reads.conversations.versions([]) == {}


async def test_a_saved_conversation_is_told_of_after_its_commit_and_not_without(store, conversation) -> None:
    async with store.work() as work:
        await work.conversations.save(conversation.end(LATER))
    assert store.told == []
    async with store.work() as work:
        await work.conversations.save(conversation.end(LATER))
        assert store.told == []
        await work.commit()
        assert store.told == [conversation.id]
        await work.commit()
    assert store.told == [conversation.id]
