"""Stopping a reply, and ending a conversation."""

import asyncio
from uuid import uuid4

import pytest
from fakes.practice import FakeChatModel

from domain.practice.chat import Delta, Finish, FinishReason
from domain.practice.errors import GenerationNotFound
from domain.practice.events import ConversationCompleted, GenerationCancelled
from domain.practice.interruption import Interruption
from domain.practice.model import ConversationStatus, GenerationStatus
from domain.practice.reply import Accepted, Cancelled
from domain.shared.errors import EtagMismatch

STOP = Finish(FinishReason.STOP)


async def cancel(app, generation):
    return await app.cancel_reply(app.user_id, str(generation.id))


async def test_a_reply_is_cancelled_before_its_first_token(app) -> None:
    app.model = FakeChatModel(asyncio.Event(), Delta("Never said."), STOP)
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.model.asked.wait()
    async with asyncio.timeout(0.2):
        stopped = await cancel(app, generation)
    assert app.model.closed.is_set()
    assert stopped.status is GenerationStatus.CANCELLED
    (*_, last) = await app.read(generation)
    assert last.event == Cancelled(None)
    assert await app.partner_says(conversation) == []


async def test_what_was_said_before_a_cancel_is_kept(app) -> None:
    app.model = FakeChatModel(Delta("I was go"), asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.heard(generation)
    stopped = await cancel(app, generation)
    partner = (await app.turns(conversation))[-1]
    assert (partner.text, partner.partial) == ("I was go", True)
    assert (await app.read(generation))[-1].event == Cancelled(partner.id)
    assert stopped.ended_at is not None
    assert isinstance(app.store.events[-1], GenerationCancelled)


async def test_a_queued_reply_without_a_producer_is_cancelled_at_once(app) -> None:
    generation = await app.queue()
    stopped = await cancel(app, generation)
    assert stopped.status is GenerationStatus.CANCELLED
    assert [entry.event for entry in await app.read(generation)] == [Accepted(generation.turn_id), Cancelled(None)]


async def test_a_producer_that_comes_after_the_cancel_does_nothing(app) -> None:
    conversation = await app.start()
    generation = await app.send(conversation)
    app.model = FakeChatModel(Delta("Never said."), STOP)
    await cancel(app, generation)
    await app.runner.stop(grace=1)
    assert app.model.requests == []
    assert await app.partner_says(conversation) == []


async def test_a_reply_whose_learner_changed_their_mind_is_not_begun(app, clock) -> None:
    generation = await app.queue()
    async with app.store.work() as work:
        wanted = await work.generations.request_cancel(generation.id, clock())
        await work.commit()
    await app.produce(wanted, Interruption())
    assert app.model.requests == []
    assert (await app.stored(generation)).status is GenerationStatus.CANCELLED


async def test_an_ended_reply_stays_as_it_is(app) -> None:
    app.model = FakeChatModel(Delta("Done."), STOP)
    generation = await app.send(await app.start())
    await app.read(generation)
    before = await app.stored(generation)
    assert await cancel(app, generation) == before
    await app.stop(generation.id)
    assert await app.stored(generation) == before


async def test_the_wish_is_found_with_the_next_renewal_when_no_bell_is_heard(app) -> None:
    app.renew_every = 0
    app.doorbell._handlers.clear()
    app.model = FakeChatModel(asyncio.Event())
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    assert (await cancel(app, generation)).status is GenerationStatus.CANCELLED


async def test_a_caller_does_not_wait_for_a_dead_producer(app) -> None:
    app.doorbell._handlers.clear()
    object.__setattr__(app.stop, "within", 0.01)
    app.model = FakeChatModel(asyncio.Event())
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    pending = await cancel(app, generation)
    assert pending.status is GenerationStatus.RUNNING
    assert pending.cancel_requested_at is not None


async def test_a_strangers_reply_cannot_be_cancelled(app) -> None:
    generation = await app.send(await app.start())
    for user_id, asked in [(uuid4(), str(generation.id)), (app.user_id, "abc")]:
        with pytest.raises(GenerationNotFound):
            await app.cancel_reply(user_id, asked)


async def test_an_ended_conversation_stays_ended(app, clock) -> None:
    conversation = await app.start()
    ended = await app.end_conversation(app.user_id, str(conversation.id), conversation.etag)
    assert (ended.status, ended.ended_at) == (ConversationStatus.COMPLETED, clock())
    clock.advance(seconds=5)
    assert await app.end_conversation(app.user_id, str(conversation.id), conversation.etag) == ended
    assert app.store.events[2:] == [
        ConversationCompleted(conversation_id=conversation.id, user_id=app.user_id, turns=1)
    ]


async def test_an_old_etag_ends_nothing(app) -> None:
    app.model = FakeChatModel(asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation)
    with pytest.raises(EtagMismatch) as refusal:
        await app.end_conversation(app.user_id, str(conversation.id), conversation.etag)
    assert refusal.value.metadata == {"etag": "2"}
    await cancel(app, generation)
    with pytest.raises(EtagMismatch):
        await app.end_conversation(app.user_id, str(conversation.id), conversation.etag)


async def test_ending_a_conversation_cancels_its_reply_first(app) -> None:
    app.model = FakeChatModel(Delta("I was"), asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.heard(generation)
    etag = (await app.get_conversation(app.user_id, str(conversation.id))).etag
    ended = await app.end_conversation(app.user_id, str(conversation.id), etag)
    assert (ended.active_generation_id, ended.turns) == (None, 3)
    assert await app.partner_says(conversation) == ["I was"]
    assert [type(event) for event in app.store.events[-2:]] == [GenerationCancelled, ConversationCompleted]


async def test_a_conversation_ends_although_the_producer_of_its_reply_is_dead(app) -> None:
    app.doorbell._handlers.clear()
    object.__setattr__(app.stop, "within", 0.01)
    app.model = FakeChatModel(asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.model.asked.wait()
    ended = await app.end_conversation(app.user_id, str(conversation.id), "")
    assert (ended.status, ended.active_generation_id) == (ConversationStatus.COMPLETED, generation.id)
    assert (await app.stored(generation)).cancel_requested_at is not None
