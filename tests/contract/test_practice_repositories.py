"""What every keeper of conversations, turns and generations does: Postgres, and the one that unit tests use."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fakes.accounts import add_account
from fakes.catalog import FakeScenarios
from fakes.practice import FakePracticeStore
from fakes.role_plays import SqlStore

from domain.practice.chat import Author
from domain.practice.ending import FailureReason, cancelled, completed, failed
from domain.practice.model import (
    Conversation,
    Generation,
    GenerationStatus,
    Turn,
    queue_generation,
    start_conversation,
)
from domain.practice.ports import Checkpoint, Place
from domain.practice.reply import TokenUsage
from domain.shared.errors import ConcurrentUpdate

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(seconds=15)


@pytest.fixture(params=["fake", "sql"])
def store(request, connections):
    return FakePracticeStore(FakeScenarios([])) if request.param == "fake" else SqlStore(connections)


@pytest.fixture
async def learner(connections) -> UUID:
    return await add_account(connections)


@pytest.fixture
async def conversation(store, learner) -> Conversation:
    started = start_conversation(learner, "late_check_in", NOW)
    async with store.work() as work:
        await work.conversations.add(started)
        await work.turns.add(a_turn(started, 1, author=Author.PARTNER))
        await work.commit()
    return started


@pytest.fixture
async def generation(store, conversation) -> Generation:
    turn = a_turn(conversation, 2, client_message_id="m-1", generation_id=uuid4())
    queued = queue_generation(turn.generation_id, turn, conversation, LATER - NOW)
    async with store.work() as work:
        await work.turns.add(turn)
        await work.generations.add(queued)
        await work.commit()
    return queued


def a_turn(conversation: Conversation, position: int, **changes) -> Turn:
    turn = Turn(uuid4(), conversation.id, position, Author.LEARNER, f"Turn {position}", False, None, None, NOW, 1)
    return replace(turn, **changes)


def after(moment: datetime) -> Conversation:
    """Return a conversation as a reply's end at `moment` leaves it: the third version."""
    return replace(start_conversation(uuid4(), "late_check_in", moment), version=3)


async def stored(store, generation: Generation) -> Generation:
    async with store.reads() as reads:
        return await reads.generations.get(generation.id)


async def do(store, name: str, *arguments):
    """Call a method of the generations in a transaction of its own."""
    async with store.work() as work:
        answer = await getattr(work.generations, name)(*arguments)
        await work.commit()
    return answer


async def test_a_conversation_reads_as_it_was_written(store, conversation) -> None:
    async with store.reads() as reads:
        assert await reads.conversations.get(conversation.id, conversation.user_id) == conversation
        assert await reads.conversations.get(conversation.id, uuid4()) is None
        assert await reads.conversations.get(uuid4(), conversation.user_id) is None


async def test_a_changed_conversation_is_saved_once(store, conversation) -> None:
    begun = conversation.begin_turn(uuid4(), LATER)
    spoken = begun.end_reply(spoken=True, now=LATER)
    for changed in (begun, spoken, ended := spoken.end(LATER)):
        async with store.work() as work:
            await work.conversations.save(changed)
            await work.commit()
    async with store.work() as work:
        assert await work.conversations.lock(conversation.id, conversation.user_id) == ended
        with pytest.raises(ConcurrentUpdate):
            await work.conversations.save(ended)


async def test_what_is_not_committed_is_undone(store, conversation) -> None:
    async with store.work() as work:
        await work.conversations.save(conversation.end(LATER))
    async with store.reads() as reads:
        assert await reads.conversations.get(conversation.id, conversation.user_id) == conversation


async def test_a_locked_conversation_is_locked_by_nobody_else(store, conversation) -> None:
    order = []

    async def change(name: str) -> None:
        async with store.work() as work:
            found = await work.conversations.lock(conversation.id, conversation.user_id)
            order.append(name)
            await asyncio.sleep(0)
            await work.conversations.save(found.end_reply(spoken=True, now=LATER))
            order.append(name)
            await work.commit()

    await asyncio.gather(*(change(name) for name in "abc"))
    assert order[::2] == order[1::2]
    async with store.reads() as reads:
        assert (await reads.conversations.get(conversation.id, conversation.user_id)).turns == 4


async def test_a_strangers_conversation_cannot_be_locked(store, conversation) -> None:
    async with store.work() as work:
        assert await work.conversations.lock(conversation.id, uuid4()) is None


async def test_conversations_come_newest_first_from_a_place(store, learner) -> None:
    made = [start_conversation(learner, "s", NOW + timedelta(seconds=n // 2)) for n in range(6)]
    async with store.work() as work:
        for one in made:
            await work.conversations.add(one)
        await work.commit()
    expected = sorted(made, key=lambda one: (one.created_at, one.id), reverse=True)
    async with store.reads() as reads:
        assert await reads.conversations.newest(learner, None, 4) == expected[:4]
        before = Place(expected[2].created_at, expected[2].id)
        assert await reads.conversations.newest(learner, before, 100) == expected[3:]
        assert await reads.conversations.newest(uuid4(), None, 100) == []


async def test_turns_are_found_by_position_message_and_generation(store, conversation, generation) -> None:
    partner = a_turn(
        conversation, 3, author=Author.PARTNER, generation_id=generation.id, partial=True, text="陳大文 \n"
    )
    async with store.work() as work:
        await work.turns.add(partner)
        await work.commit()
    async with store.reads() as reads:
        learners = await reads.turns.by_client_message_id(conversation.id, "m-1")
        assert (learners.id, learners.generation_id) == (generation.turn_id, generation.id)
        assert await reads.turns.by_client_message_id(conversation.id, "m-2") is None
        assert await reads.turns.by_client_message_id(uuid4(), "m-1") is None
        assert await reads.turns.of_partner(generation.id) == partner
        assert await reads.turns.of_partner(uuid4()) is None
        assert [turn.position for turn in await reads.turns.leading_to(partner.id, 2)] == [2, 3]
        assert [turn.position for turn in await reads.turns.after(conversation.id, 1, 1)] == [2]
        assert await reads.turns.after(conversation.id, 3, 9) == []


@pytest.mark.parametrize(("position", "key"), [(2, "m-2"), (3, "m-1")])
async def test_a_position_and_a_message_id_are_taken_once(store, conversation, generation, position, key) -> None:
    async with store.work() as work:
        with pytest.raises(ConcurrentUpdate):
            await work.turns.add(a_turn(conversation, position, client_message_id=key))


async def test_a_conversation_has_one_generation_under_way(store, conversation, generation) -> None:
    second = replace(generation, id=uuid4())
    async with store.work() as work:
        with pytest.raises(ConcurrentUpdate):
            await work.generations.add(second)
    held = await do(store, "claim", generation, NOW, LATER, "m")
    assert await do(store, "end", held, cancelled(""), 2, after(NOW))
    await do(store, "add", second)


async def test_a_queued_generation_is_claimed_once(store, generation) -> None:
    assert await stored(store, generation) == generation
    first, second = await asyncio.gather(*(do(store, "claim", generation, NOW, LATER, m) for m in ("a", "b")))
    assert [first is None, second is None].count(True) == 1
    held = first or second
    assert (held.status, held.attempt, held.lease_until) == (GenerationStatus.RUNNING, 1, LATER)
    assert held.model in {"a", "b"}
    assert await stored(store, generation) == held


async def test_a_running_generation_is_claimed_when_its_lease_is_over(store, generation) -> None:
    held = await do(store, "claim", generation, NOW, LATER, "a")
    assert await do(store, "claim", held, LATER, LATER, None) is None
    assert await do(store, "claim", generation, LATER + timedelta(seconds=1), LATER, None) is None
    heir = await do(store, "claim", held, LATER + timedelta(seconds=1), LATER + timedelta(seconds=16), None)
    assert (heir.attempt, heir.model) == (2, "a")


async def test_a_lease_is_renewed_by_its_holder_alone(store, generation) -> None:
    held = await do(store, "claim", generation, NOW, NOW, "a")
    longer = LATER + timedelta(seconds=5)
    renewed = await do(store, "renew", held, longer, Checkpoint("So far", 3))
    assert (renewed.lease_until, renewed.partial_text, renewed.last_sequence) == (longer, "So far", 3)
    heir = await do(store, "claim", held, longer + timedelta(seconds=1), longer, None)
    assert await do(store, "renew", held, longer, Checkpoint("Zombie", 9)) is None
    assert await stored(store, generation) == heir


async def test_many_leases_are_renewed_at_once_by_their_holders_alone(store, learner) -> None:
    held = [await a_held_generation(store, learner) for _ in range(3)]
    heir = await do(store, "claim", held[1], LATER + timedelta(seconds=1), LATER, None)
    await do(store, "request_cancel", held[2].id, NOW)
    longer = LATER + timedelta(seconds=5)
    given = [(each, Checkpoint(f"So far {number}", number)) for number, each in enumerate(held)]
    assert await do(store, "renew_all", given, longer) == {held[0].id: None, held[2].id: NOW}
    renewed = [await stored(store, each) for each in held]
    assert [each.lease_until for each in renewed] == [longer, heir.lease_until, longer]
    assert [(each.partial_text, each.last_sequence) for each in renewed] == [("So far 0", 0), ("", 0), ("So far 2", 2)]
    assert await do(store, "renew_all", [], longer) == {}


async def a_held_generation(store, learner) -> Generation:
    started = start_conversation(learner, "late_check_in", NOW)
    turn = a_turn(started, 2, client_message_id="m-1", generation_id=uuid4())
    queued = queue_generation(turn.generation_id, turn, started, LATER - NOW)
    async with store.work() as work:
        await work.conversations.add(started)
        await work.turns.add(turn)
        await work.generations.add(queued)
        await work.commit()
    return await do(store, "claim", queued, NOW, LATER, "a")


async def test_a_stale_attempt_ends_nothing(store, generation) -> None:
    zombie = await do(store, "claim", generation, NOW, NOW, "a")
    heir = await do(store, "claim", zombie, LATER, LATER, None)
    assert not await do(store, "end", zombie, completed("Old.", "stop", TokenUsage(1, 1)), 5, after(LATER))
    assert await stored(store, generation) == heir
    assert await do(store, "end", heir, completed("New.", "stop", TokenUsage(1, 1)), 5, after(LATER))
    assert not await do(store, "end", heir, failed("", FailureReason.INTERNAL), 5, after(LATER))
    ended = await stored(store, generation)
    assert (ended.status, ended.finish_reason, ended.failure_reason) == (GenerationStatus.COMPLETED, "stop", None)
    assert (ended.partial_text, ended.last_sequence, ended.ended_at) == ("New.", 5, LATER)


async def test_a_failure_keeps_its_reason(store, generation) -> None:
    held = await do(store, "claim", generation, NOW, LATER, "a")
    await do(store, "end", held, failed("Half", FailureReason.INTERRUPTED), 4, after(LATER))
    ended = await stored(store, generation)
    assert (ended.status, ended.failure_reason, ended.finish_reason) == (GenerationStatus.FAILED, "INTERRUPTED", None)
    assert await do(store, "claim", ended, LATER + timedelta(days=1), LATER, None) is None


async def test_the_first_wish_to_cancel_counts_and_an_ended_reply_takes_none(store, generation) -> None:
    assert (await do(store, "request_cancel", generation.id, NOW)).cancel_requested_at == NOW
    assert (await do(store, "request_cancel", generation.id, LATER)).cancel_requested_at == NOW
    held = await do(store, "claim", generation, NOW, LATER, "a")
    assert held.cancel_requested_at == NOW
    await do(store, "end", held, cancelled(""), 2, after(LATER))
    assert await do(store, "request_cancel", generation.id, LATER) is None


async def test_what_has_lapsed_is_found_until_it_ends(store, generation) -> None:
    async def lapsed(at: datetime) -> bool:
        async with store.reads() as reads:
            return generation.id in [one.id for one in await reads.generations.lapsed(at, 1000)]

    assert not await lapsed(LATER)
    assert await lapsed(LATER + timedelta(seconds=1))
    held = await do(store, "claim", generation, NOW, LATER + timedelta(seconds=10), "a")
    assert not await lapsed(LATER + timedelta(seconds=10))
    assert await lapsed(LATER + timedelta(seconds=11))
    await do(store, "end", held, cancelled(""), 2, after(LATER))
    assert not await lapsed(LATER + timedelta(days=1))


# Replies to the same message


@pytest.fixture
async def answered(store, conversation, generation) -> Turn:
    """The partner's turn at position 3, which `generation` made."""
    held = await do(store, "claim", generation, NOW, LATER, "a")
    reply = a_turn(conversation, 3, author=Author.PARTNER, generation_id=generation.id)
    async with store.work() as work:
        await work.generations.end(held, completed(reply.text, "stop", None), 4, after(LATER))
        await work.turns.add(reply)
        await work.commit()
    return reply


def a_sibling(generation: Generation, key: str | None = "wish-1") -> Generation:
    return replace(generation, id=uuid4(), client_message_id=key)


async def test_a_sibling_is_found_by_the_wish_that_asked_for_it(store, conversation, generation, answered) -> None:
    sibling = a_sibling(generation)
    await do(store, "add", sibling)
    async with store.reads() as reads:
        assert await reads.generations.by_client_message_id(conversation.id, "wish-1") == sibling
        assert await reads.generations.by_client_message_id(conversation.id, "m-1") is None
        assert await reads.generations.by_client_message_id(uuid4(), "wish-1") is None


async def test_a_wish_is_taken_once(store, generation, answered) -> None:
    first = a_sibling(generation)
    await do(store, "add", first)
    held = await do(store, "claim", first, NOW, LATER, "a")
    await do(store, "end", held, cancelled(""), 2, after(LATER))
    async with store.work() as work:
        with pytest.raises(ConcurrentUpdate):
            await work.generations.add(a_sibling(generation))


async def test_a_turn_is_read_as_it_was_written(store, answered) -> None:
    async with store.reads() as reads:
        assert await reads.turns.get(answered.id) == answered
        assert await reads.turns.get(uuid4()) is None


async def test_the_learners_newest_turn_is_found(store, conversation, generation, answered) -> None:
    async with store.reads() as reads:
        assert (await reads.turns.newest_of_learner(conversation.id)).id == generation.turn_id
        assert await reads.turns.newest_of_learner(uuid4()) is None


async def test_replies_to_a_message_are_replaced_once_and_no_others(store, conversation, generation, answered) -> None:
    other = a_turn(conversation, 4, client_message_id="m-2", generation_id=uuid4())
    async with store.work() as work:
        await work.turns.add(other)
        await work.generations.add(queue_generation(other.generation_id, other, conversation, LATER - NOW))
        await work.turns.add(a_turn(conversation, 5, author=Author.PARTNER, generation_id=other.generation_id))
        assert await work.turns.replace_replies(generation.turn_id, 7) == [answered.id]
        assert await work.turns.replace_replies(generation.turn_id, 8) == []
        await work.commit()
    async with store.reads() as reads:
        assert await reads.turns.get(answered.id) == replace(answered, replaced=True, version=7)
        assert [turn.id for turn in await reads.turns.replies_to(generation.turn_id)] == [answered.id]
        assert [turn.position for turn in await reads.turns.replies_to(other.id)] == [5]
        assert await reads.turns.replies_to(uuid4()) == []
        assert [turn.position for turn in await reads.turns.leading_to(other.id, 9)] == [1, 2, 4]


async def test_a_message_is_led_to_by_what_was_said_before_it(store, generation, answered) -> None:
    async with store.reads() as reads:
        assert [turn.position for turn in await reads.turns.leading_to(answered.id, 2)] == [2, 3]
        assert [turn.position for turn in await reads.turns.leading_to(generation.turn_id, 9)] == [1, 2]
        assert await reads.turns.leading_to(uuid4(), 9) == []


async def test_a_reply_is_not_shown_while_its_sibling_runs_and_after_it_was_replaced(
    store, conversation, generation, answered
) -> None:
    async def shown(after_position: int = 0, limit: int = 9) -> list[int]:
        async with store.reads() as reads:
            return [turn.position for turn in await reads.turns.after(conversation.id, after_position, limit)]

    assert await shown() == [1, 2, 3]
    await do(store, "add", sibling := a_sibling(generation))
    assert await shown() == [1, 2]
    held = await do(store, "claim", sibling, NOW, LATER, "a")
    assert await shown(1) == [2]
    await do(store, "end", held, cancelled(""), 2, after(LATER))
    assert await shown(2) == [3]
    async with store.work() as work:
        await work.turns.replace_replies(generation.turn_id, 7)
        await work.turns.add(a_turn(conversation, 4, author=Author.PARTNER, generation_id=sibling.id))
        await work.commit()
    assert await shown(1, 2) == [2, 4]
