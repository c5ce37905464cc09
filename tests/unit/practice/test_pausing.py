"""Pausing a conversation, and going on with it."""

import asyncio
from uuid import uuid4

import pytest
from fakes.practice import FakeChatModel

from domain.practice.chat import Delta, Finish, FinishReason
from domain.practice.errors import ConversationEnded, ConversationIsPaused, ConversationNotFound
from domain.practice.events import ConversationCompleted, ConversationPaused, ConversationResumed
from domain.practice.model import ConversationStatus
from domain.shared.errors import EtagMismatch

STOP = Finish(FinishReason.STOP)


async def pause(app, conversation, etag=""):
    return await app.pause_conversation(app.user_id, str(conversation.id), etag)


async def resume(app, conversation, etag=""):
    return await app.resume_conversation(app.user_id, str(conversation.id), etag)


async def test_a_paused_conversation_takes_no_message_until_it_is_resumed(app) -> None:
    app.model = FakeChatModel(Delta("Yes."), STOP)
    conversation = await app.start()
    paused = await pause(app, conversation, conversation.etag)
    assert (paused.status, paused.ended_at) == (ConversationStatus.PAUSED, None)
    with pytest.raises(ConversationIsPaused) as refusal:
        await app.send(conversation)
    assert refusal.value.metadata == {"conversation_id": str(conversation.id)}
    resumed = await resume(app, conversation, paused.etag)
    assert resumed.status is ConversationStatus.ACTIVE
    assert (conversation.version, paused.version, resumed.version) == (1, 2, 3)
    await app.read(await app.send(conversation))
    assert await app.partner_says(conversation) == ["Yes."]


async def test_a_pause_and_its_end_are_told_once_each(app, clock) -> None:
    conversation = await app.start()
    paused = await pause(app, conversation)
    clock.advance(seconds=5)
    assert await pause(app, conversation, "no such etag") == paused
    resumed = await resume(app, conversation)
    assert await resume(app, conversation, "no such etag") == resumed
    ids = {"conversation_id": conversation.id, "user_id": app.user_id}
    assert app.store.events[2:] == [ConversationPaused(**ids), ConversationResumed(**ids)]


async def test_a_reply_under_way_is_said_to_its_end(app) -> None:
    gate = asyncio.Event()
    app.model = FakeChatModel(Delta("I was"), gate, Delta(" going on."), STOP)
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.heard(generation)
    assert (await pause(app, conversation)).active_generation_id == generation.id
    gate.set()
    await app.read(generation)
    after = await app.get_conversation(app.user_id, str(conversation.id))
    assert (after.status, after.active_generation_id) == (ConversationStatus.PAUSED, None)
    assert await app.partner_says(conversation) == ["I was going on."]


async def test_a_message_said_before_the_pause_can_be_joined_and_an_interruption_stops_nothing(app) -> None:
    app.model = FakeChatModel(Delta("I was"), asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation, "Hello?", "m-1")
    await app.heard(generation)
    await pause(app, conversation)
    assert (await app.send(conversation, "Hello?", "m-1")).id == generation.id
    with pytest.raises(ConversationIsPaused):
        await app.send(conversation, interrupt=True)
    assert (await app.stored(generation)).cancel_requested_at is None


async def test_a_paused_conversation_can_be_ended(app) -> None:
    conversation = await app.start()
    paused = await pause(app, conversation)
    ended = await app.end_conversation(app.user_id, str(conversation.id), paused.etag)
    assert ended.status is ConversationStatus.COMPLETED
    assert isinstance(app.store.events[-1], ConversationCompleted)
    for change in (pause, resume):
        with pytest.raises(ConversationEnded):
            await change(app, conversation)


@pytest.mark.parametrize("change", [pause, resume])
async def test_an_old_etag_changes_nothing(app, change) -> None:
    conversation = await app.start()
    now = await pause(app, conversation)
    now = await resume(app, conversation) if change is pause else now
    with pytest.raises(EtagMismatch) as refusal:
        await change(app, conversation, conversation.etag)
    assert refusal.value.metadata == {"etag": now.etag}
    assert await app.get_conversation(app.user_id, str(conversation.id)) == now


async def test_a_strangers_conversation_is_not_found(app) -> None:
    conversation = await app.start()
    for use_case in (app.pause_conversation, app.resume_conversation):
        for user_id, asked in [(uuid4(), str(conversation.id)), (app.user_id, "abc")]:
            with pytest.raises(ConversationNotFound):
                await use_case(user_id, asked, "")
