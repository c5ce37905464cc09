"""Saying something."""

import asyncio
from uuid import uuid4

import pytest
from fakes.practice import FakeChatModel

from domain.practice.chat import Author, Delta, Finish, FinishReason
from domain.practice.errors import (
    ClientMessageIdReused,
    ConversationEnded,
    ConversationNotFound,
    GenerationInProgress,
)
from domain.practice.messages import Message
from domain.shared.errors import InvalidRequest

STOP = Finish(FinishReason.STOP)


async def test_a_message_becomes_the_learners_turn_and_a_reply(app) -> None:
    app.model = FakeChatModel(Delta("Good"), Delta(" evening!"), STOP)
    conversation = await app.start()
    generation = await app.send(conversation, "  Hello, I have\na reservation. ", "m-1")
    await app.read(generation)
    _, learner, partner = await app.turns(conversation)
    assert (learner.author, learner.text, learner.position) == (Author.LEARNER, "Hello, I have\na reservation.", 2)
    assert (learner.client_message_id, learner.generation_id, learner.id) == ("m-1", generation.id, generation.turn_id)
    assert (partner.author, partner.text, partner.position) == (Author.PARTNER, "Good evening!", 3)
    assert (partner.generation_id, partner.partial) == (generation.id, False)


async def test_ten_sends_of_one_message_at_once_make_one_turn_and_one_reply(app) -> None:
    app.model = FakeChatModel(Delta("Yes."), STOP)
    conversation = await app.start()
    generations = await asyncio.gather(*(app.send(conversation, "Hello?", "m-1") for _ in range(10)))
    replies = await asyncio.gather(*(app.read(generation) for generation in generations))
    assert len({generation.id for generation in generations}) == 1
    assert all(reply == replies[0] for reply in replies)
    assert len(await app.turns(conversation)) == 3
    assert len(app.model.requests) == 1


async def test_the_same_message_after_its_reply_joins_that_reply(app) -> None:
    app.model = FakeChatModel(Delta("Yes."), STOP)
    conversation = await app.start()
    first = await app.read(await app.send(conversation, "Hello?", "m-1"))
    await app.end_conversation(app.user_id, str(conversation.id), "")
    assert await app.read(await app.send(conversation, " Hello? ", "m-1")) == first


async def test_another_text_under_the_same_id_is_refused(app) -> None:
    app.model = FakeChatModel(asyncio.Event())
    conversation = await app.start()
    await app.send(conversation, "Hello?", "m-1")
    with pytest.raises(ClientMessageIdReused) as refusal:
        await app.send(conversation, "Goodbye.", "m-1")
    assert refusal.value.metadata == {"client_message_id": "m-1"}


async def test_a_message_while_a_reply_runs_is_refused_with_its_id(app) -> None:
    app.model = FakeChatModel(asyncio.Event())
    conversation = await app.start()
    running = await app.send(conversation)
    with pytest.raises(GenerationInProgress) as refusal:
        await app.send(conversation)
    assert refusal.value.metadata == {"generation_id": str(running.id)}
    assert len(await app.turns(conversation)) == 2


async def test_a_message_to_an_ended_conversation_is_refused(app) -> None:
    conversation = await app.start()
    await app.end_conversation(app.user_id, str(conversation.id), "")
    with pytest.raises(ConversationEnded) as refusal:
        await app.send(conversation)
    assert refusal.value.metadata == {"conversation_id": str(conversation.id)}


async def test_a_strangers_conversation_takes_no_message(app) -> None:
    conversation = await app.start()
    for user_id, conversation_id in [(uuid4(), str(conversation.id)), (app.user_id, "abc")]:
        with pytest.raises(ConversationNotFound):
            await app.send_message(user_id, Message(conversation_id, "m-1", "Hello."))


@pytest.mark.parametrize(
    ("key", "text", "reasons"),
    [
        ("", " \n ", {"client_message_id": "REQUIRED", "text": "REQUIRED"}),
        ("m 1", "x" * 2001, {"client_message_id": "INVALID_FORMAT", "text": "TOO_LONG"}),
        ("k" * 65, "a\0b", {"client_message_id": "INVALID_FORMAT", "text": "INVALID_CHARACTER"}),
        ("m-1\n", "\ud800", {"client_message_id": "INVALID_FORMAT", "text": "INVALID_CHARACTER"}),
    ],
)
async def test_every_violation_is_named_at_once_and_nothing_is_written(app, key, text, reasons) -> None:
    conversation = await app.start()
    with pytest.raises(InvalidRequest) as refusal:
        await app.send_message(app.user_id, Message(str(conversation.id), key, text))
    assert {violation.field: violation.reason for violation in refusal.value.violations} == reasons
    assert len(await app.turns(conversation)) == 1


async def test_a_turn_moves_version_and_fence(app) -> None:
    app.model = FakeChatModel(Delta("Yes."), STOP)
    conversation = await app.start()
    generation = await app.send(conversation)
    during = await app.get_conversation(app.user_id, str(conversation.id))
    await app.read(generation)
    after = await app.get_conversation(app.user_id, str(conversation.id))
    assert (during.fence, during.active_generation_id) == (1, generation.id)
    assert (after.fence, after.active_generation_id) == (1, None)
    assert len({conversation.etag, during.etag, after.etag}) == 3


async def test_the_model_hears_the_newest_forty_turns(app) -> None:
    conversation = await app.start()
    for number in range(21):
        app.model = FakeChatModel(Delta(f"Answer {number}."), STOP)
        await app.read(await app.send(conversation, f"Question {number}?"))
    (request,) = app.model.requests
    assert len(request.history) == 40
    assert request.history[-1].text == "Question 20?"
    assert request.history[-2].text == "Answer 19."
    assert request.max_output_tokens == 400
    assert str(app.user_id) not in request.user
