"""Role-plays on real engines: what must hold when several clients, devices and processes are at it."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from fakes.practice import FakeChatModel
from sqlalchemy import text

from adapters.live.connection import connect
from domain.identity.errors import UserNotFound
from domain.practice.chat import ChatError, ChatErrorKind, Delta, Finish, FinishReason, Usage
from domain.practice.ending import completed
from domain.practice.errors import CursorUnknown, GenerationInProgress
from domain.practice.log import Fenced
from domain.practice.model import GenerationStatus
from domain.practice.recovery import said
from domain.practice.reply import Cancelled, Completed, Failed, Position, Reset, Snapshot, TokenUsage

STOP = Finish(FinishReason.STOP)
WORDS = [Delta(f"word {number} ") for number in range(30)]
SAID = "".join(delta.text for delta in WORDS)


async def count(connections, table: str, conversation) -> int:
    async with connections.reading() as connection:
        found = await connection.execute(
            text(f"SELECT count(*) FROM {table} WHERE conversation_id = :id"), {"id": conversation.id}
        )
        return found.scalar_one()


async def test_ten_sends_of_one_message_at_once_make_one_turn_and_one_reply(app, connections) -> None:
    app.model = FakeChatModel(*WORDS, STOP)
    conversation = await app.start()
    generations = await asyncio.gather(*(app.send(conversation, "Hello?", "m-1") for _ in range(10)))
    replies = await asyncio.gather(*(app.read(generation) for generation in generations))
    assert len({generation.id for generation in generations}) == 1
    assert {said(reply) for reply in replies} == {SAID}
    assert await count(connections, "turn", conversation) == 3
    assert await count(connections, "generation", conversation) == 1
    assert len(app.model.requests) == 1


async def test_ten_different_messages_at_once_are_one_turn_and_nine_refusals(app, connections) -> None:
    app.model = FakeChatModel(asyncio.Event())
    conversation = await app.start()
    answers = await asyncio.gather(*(app.send(conversation) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(answer, GenerationInProgress) for answer in answers) == 9
    assert await count(connections, "turn", conversation) == 2


async def test_from_every_position_the_rest_is_the_same(app, process) -> None:
    app.model = FakeChatModel(*WORDS, Usage(3, 30), STOP)
    conversation = await app.start()
    generation = await app.send(conversation)
    entries = await app.read(generation)
    device = await process()
    for place, entry in enumerate(entries):
        assert await device.read(generation, entry.position) == entries[place + 1 :]
    assert all(one.position < other.position for one, other in pairwise(entries))
    with pytest.raises(CursorUnknown):
        await device.read(generation, Position(1, 99))
    assert isinstance(entries[-1].event, Completed)
    assert [turn.text for turn in await app.turns(conversation)][-1] == SAID


async def test_another_process_follows_and_cancels_before_the_first_token(app, process) -> None:
    app.model = FakeChatModel(asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.model.asked.wait()
    other = await process()
    reading = asyncio.create_task(other.read(generation))
    async with asyncio.timeout(2):
        stopped = await other.cancel_reply(other.user_id, str(generation.id))
        assert (await reading)[-1].event == Cancelled(None)
    assert app.model.closed.is_set()
    assert stopped.status is GenerationStatus.CANCELLED
    assert await app.partner_says(conversation) == []


async def test_a_model_that_dies_mid_sentence_leaves_a_partial_turn_and_the_conversation_goes_on(app) -> None:
    app.model = FakeChatModel(*WORDS, ChatError(ChatErrorKind.NETWORK, "broken"))
    conversation = await app.start()
    entries = await app.read(await app.send(conversation))
    partner = (await app.turns(conversation))[-1]
    assert (partner.text, partner.partial, said(entries)) == (SAID, True, SAID)
    assert entries[-1].event == Failed(
        "MODEL_UNAVAILABLE", "The partner did not answer, or broke off.", True, partner.id
    )
    app.model = FakeChatModel(Delta("Again."), Usage(2, 1), STOP)
    await app.read(await app.send(conversation))
    assert await app.partner_says(conversation) == [SAID, "Again."]


async def test_a_zombies_end_changes_nothing(app, clock, connections) -> None:
    generation = await app.queue()
    zombie = await app.leases.take_to_produce(generation, "m")
    clock.advance(seconds=20)
    heir = await app.leases.take_to_produce(zombie, "m")
    for held, words in [(zombie, "Old."), (heir, "New."), (heir, "Twice.")]:
        writer = app.log.writer(generation.id, held.attempt, never)
        try:
            await app.finish(held, writer, completed(words, "stop", TokenUsage(1, 2)), 0)
        except Fenced:
            assert words != "New."
    async with connections.reading() as connection:
        turns = await connection.execute(
            text("SELECT text FROM turn WHERE generation_id = :id AND author = 'partner'"), {"id": generation.id}
        )
        usage = await connection.execute(
            text("SELECT attempt, model, input_tokens, output_tokens FROM usage WHERE generation_id = :id"),
            {"id": generation.id},
        )
        assert turns.scalars().all() == ["New."]
        assert usage.all() == [(2, "m", 1, 2)]


async def never() -> str:
    raise AssertionError("the log was not lost")


async def test_the_sweeper_ends_a_reply_whose_process_died_and_fences_it(app, process, clock) -> None:
    app.model = FakeChatModel(*WORDS, asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.heard(generation)
    clock.advance(seconds=20)
    other = await process()
    reading = asyncio.create_task(other.read(generation))
    await other.sweeper.sweep()
    entries = await reading
    partner = (await app.turns(conversation))[-1]
    assert entries[-1].event == Failed("INTERRUPTED", "The reply was interrupted.", True, partner.id)
    assert not any(isinstance(entry.event, Reset) for entry in entries)
    assert partner.text == said(entries)
    await app.runner.stop(grace=0)
    assert (await app.stored(generation)).attempt == 2
    assert len(await app.partner_says(conversation)) == 1


async def test_a_reply_that_was_not_begun_is_produced_by_another_process(app, process, clock) -> None:
    generation = await app.queue()
    clock.advance(seconds=6)
    other = await process()
    other.model = FakeChatModel(*WORDS, STOP)
    reading = asyncio.create_task(app.read(generation))
    await other.sweeper.sweep()
    assert said(await reading) == SAID


async def test_when_the_log_is_gone_the_database_tells_text_and_end(app, redis_url) -> None:
    app.model = FakeChatModel(*WORDS, STOP)
    generation = await app.send(await app.start())
    entries = await app.read(generation)
    await app.runner.stop(grace=2)
    redis = connect(redis_url, 1)
    await redis.delete(f"fp:gen:{{{generation.id}}}:log")
    await redis.aclose()
    snapshot, last = await app.read(generation)
    assert (snapshot.event, last) == (Snapshot(SAID), entries[-1])
    assert await app.read(generation, entries[-1].position) == []


async def test_a_conversation_ends_with_its_reply_cancelled_and_its_events_in_order(app, connections) -> None:
    app.model = FakeChatModel(*WORDS, asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.heard(generation)
    ended = await app.end_conversation(app.user_id, str(conversation.id), "")
    assert await app.get_conversation(app.user_id, str(conversation.id)) == ended
    assert (ended.turns, ended.active_generation_id) == (3, None)
    async with connections.reading() as connection:
        types = await connection.execute(
            text("SELECT type FROM event_store WHERE stream_id IN (:one, :two) ORDER BY position"),
            {"one": f"conversation-{conversation.id}", "two": f"generation-{generation.id}"},
        )
        assert types.scalars().all() == [
            "conversation.started",
            "conversation.turn_added",
            "conversation.turn_added",
            "generation.started",
            "conversation.turn_added",
            "generation.cancelled",
            "conversation.ended",
        ]


async def test_an_account_that_is_gone_starts_nothing(app, connections) -> None:
    async with connections.transaction() as connection:
        await connection.execute(text("DELETE FROM account WHERE id = :id"), {"id": app.user_id})
        await connection.commit()
    with pytest.raises(UserNotFound):
        await app.start()


async def test_deleting_an_account_takes_its_conversations_along(app, connections) -> None:
    app.model = FakeChatModel(*WORDS, Usage(1, 1), STOP)
    conversation = await app.start()
    await app.read(await app.send(conversation))
    async with connections.transaction() as connection:
        await connection.execute(text("DELETE FROM account WHERE id = :id"), {"id": app.user_id})
        await connection.commit()
    assert await count(connections, "turn", conversation) == 0
    assert await count(connections, "generation", conversation) == 0


async def test_a_lease_that_is_given_back_is_free_at_once(app, process, clock) -> None:
    app.model = FakeChatModel(asyncio.Event())
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    await app.runner.stop(grace=0)
    assert (await app.stored(generation)).lease_until < clock() - timedelta(seconds=1)
    other = await process()
    other.model = FakeChatModel(*WORDS, STOP)
    reading = asyncio.create_task(other.read(generation))
    await other.sweeper.sweep()
    entries = await reading
    assert Reset("INTERRUPTED") in [entry.event for entry in entries]
    assert said(entries) == SAID
