"""A role-play through both doors: what is said once is said once, and every way in which a reply can end."""

import asyncio

import pytest
from api.contract import RPCS
from api.replies import CANCEL, END, SEND, kinds, rest, said, send, until

from domain.practice.chat import ChatError, ChatErrorKind, Delta, Finish, FinishReason

HALF = "Good evening, and"


# Saying it once


async def test_the_same_message_again_joins_its_reply(door, owner, conversation, model) -> None:
    line = model.line()
    request = send(conversation.id, line.text)
    first = (await door.call(SEND, request, owner.token)).events
    again = (await door.call(SEND, request, owner.token)).events
    assert again == first
    assert len(await owner.turns(conversation.id)) == 3
    assert line.asked == 1


async def test_the_same_message_again_joins_a_reply_under_way(product, owner, conversation, model) -> None:
    gate = asyncio.Event()
    line = model.line(Delta("Good evening."), gate, Finish(FinishReason.STOP))
    request = send(conversation.id, line.text)
    call, _ = await until(owner, request, "delta")
    again = asyncio.create_task(product.http.call(SEND, request, owner.token))
    gate.set()
    live = await rest(call)
    events = (await again).events
    assert events[-len(live) :] == live
    assert line.asked == 1


async def test_ten_sends_at_once_under_one_id_are_one_message(product, owner, conversation, model) -> None:
    line = model.line()
    request = send(conversation.id, line.text)
    doors = (product.http, product.grpc) * 5
    answers = await asyncio.gather(*(door.call(SEND, request, owner.token) for door in doors))
    assert all(answer.events == answers[0].events for answer in answers)
    assert len(await owner.turns(conversation.id)) == 3
    assert line.asked == 1


async def test_another_text_under_the_same_id_is_refused(door, owner, conversation) -> None:
    await owner.say(conversation.id, "Good evening.", key="m-1")
    refused = await door.call(SEND, send(conversation.id, "Good night.", key="m-1"), owner.token)
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "CLIENT_MESSAGE_ID_REUSED")
    assert refused.metadata == {"client_message_id": "m-1"}
    assert len(await owner.turns(conversation.id)) == 3


async def test_one_of_ten_different_messages_at_once_is_taken(product, owner, conversation) -> None:
    doors = (product.http, product.grpc) * 5
    answers = await asyncio.gather(*(door.call(SEND, send(conversation.id), owner.token) for door in doors))
    taken = [answer for answer in answers if answer.code == "OK"]
    assert {answer.reason for answer in answers if answer.code != "OK"} <= {"GENERATION_IN_PROGRESS"}
    # One after the other may be taken, never two at once: each learner's turn has its answer right behind it.
    authors = [turn.author for turn in await owner.turns(conversation.id)]
    assert authors == [2] + [1, 2] * len(taken)


# While a reply runs, and after the end


async def test_a_message_while_a_reply_runs_is_refused_with_its_id(door, owner, conversation, model) -> None:
    gate = asyncio.Event()
    line = model.line(Delta("Good evening."), gate, Finish(FinishReason.STOP))
    call, event = await until(owner, send(conversation.id, line.text), "delta")
    refused = await door.call(SEND, send(conversation.id), owner.token)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "GENERATION_IN_PROGRESS")
    assert refused.metadata == {"generation_id": event.generation_id}
    gate.set()
    assert kinds(await rest(call))[-1] == "completed"


async def test_an_ended_conversation_takes_no_more_messages(door, owner, conversation) -> None:
    ended = (await owner.call(END, conversation_id=conversation.id)).message.conversation
    assert (ended.status, ended.HasField("ended_at")) == (3, True)
    refused = await door.call(SEND, send(conversation.id), owner.token)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "CONVERSATION_ENDED")
    assert refused.metadata == {"conversation_id": conversation.id}
    again = await door.call(END, RPCS[END].request(conversation_id=conversation.id), owner.token)
    assert again.message.conversation == ended


async def test_a_message_said_before_the_end_can_still_be_joined(door, owner, conversation) -> None:
    events = await owner.say(conversation.id, "Good evening.", key="m-1")
    await owner.call(END, conversation_id=conversation.id)
    again = await door.call(SEND, send(conversation.id, "Good evening.", key="m-1"), owner.token)
    assert again.events == events


async def test_an_end_based_on_an_older_state_is_aborted(door, owner, conversation) -> None:
    await owner.say(conversation.id)
    refused = await door.call(
        END, RPCS[END].request(conversation_id=conversation.id, etag=conversation.etag), owner.token
    )
    assert (refused.code, refused.reason) == ("ABORTED", "ETAG_MISMATCH")
    now = (await owner.call("ConversationService/GetConversation", conversation_id=conversation.id)).message
    assert now.conversation.status == 1
    assert refused.metadata == {"etag": now.conversation.etag}


async def test_ending_a_conversation_cancels_its_reply(door, owner, conversation, model) -> None:
    line = model.line(Delta(HALF), asyncio.Event())
    call, _ = await until(owner, send(conversation.id, line.text), "delta")
    ended = await door.call(END, RPCS[END].request(conversation_id=conversation.id), owner.token)
    assert ended.message.conversation.status == 3
    assert ended.message.conversation.active_generation_id == ""
    assert kinds(await rest(call))[-1] == "cancelled"
    assert line.closed.is_set()
    assert (await owner.turns(conversation.id))[-1].text == HALF


# Cancelling


async def test_a_reply_can_be_cancelled_before_its_first_word(door, owner, conversation, model) -> None:
    line = model.line(asyncio.Event())
    call, event = await until(owner, send(conversation.id, line.text), "started")
    cancelled = await door.call(CANCEL, RPCS[CANCEL].request(generation_id=event.generation_id), owner.token)
    assert cancelled.message.generation.status == 4
    last = (await rest(call))[-1]
    assert (last.WhichOneof("event"), last.cancelled.turn_id) == ("cancelled", "")
    assert line.closed.is_set() or line.asked == 0
    assert len(await owner.turns(conversation.id)) == 2
    assert kinds(await owner.say(conversation.id))[-1] == "completed"


async def test_what_was_said_before_a_cancellation_is_kept(door, owner, conversation, model) -> None:
    line = model.line(Delta(HALF), asyncio.Event())
    call, event = await until(owner, send(conversation.id, line.text), "delta")
    await door.call(CANCEL, RPCS[CANCEL].request(generation_id=event.generation_id), owner.token)
    last = (await rest(call))[-1]
    partial = (await owner.turns(conversation.id))[-1]
    assert (partial.id, partial.text, partial.partial) == (last.cancelled.turn_id, HALF, True)
    assert line.closed.is_set()
    assert kinds(await owner.say(conversation.id))[-1] == "completed"


async def test_a_reply_that_has_ended_is_not_cancelled(door, owner) -> None:
    generation = await owner.reply()
    answer = await door.call(CANCEL, RPCS[CANCEL].request(generation_id=generation), owner.token)
    assert answer.message.generation.status == 3


# Breaking off

BREAKS = {
    "the provider's connection breaks": (ChatError(ChatErrorKind.NETWORK, "reset"), "MODEL_UNAVAILABLE", True),
    "the provider's stream just ends": (None, "MODEL_UNAVAILABLE", True),
    "the provider refuses": (Finish(FinishReason.REFUSED), "MODEL_REFUSED", False),
    "the talk is too long": (ChatError(ChatErrorKind.CONTEXT_TOO_LONG, "8192"), "CONVERSATION_TOO_LONG", False),
    "the model has a fault": (ZeroDivisionError("the secret of the model"), "INTERNAL", True),
}


@pytest.mark.parametrize("kind", BREAKS)
async def test_a_reply_that_breaks_off_is_kept_and_the_talk_goes_on(door, owner, conversation, model, kind) -> None:
    part, reason, retryable = BREAKS[kind]
    line = model.line(Delta(HALF), *([] if part is None else [part]))
    events = (await door.call(SEND, send(conversation.id, line.text), owner.token)).events
    failed = events[-1].failed
    assert (failed.failure.reason, failed.failure.retryable) == (reason, retryable)
    assert failed.failure.message
    assert "secret" not in failed.failure.message
    assert said(events) == HALF
    partial = (await owner.turns(conversation.id))[-1]
    assert (partial.id, partial.text, partial.partial) == (failed.turn_id, HALF, True)
    assert line.closed.is_set()
    assert kinds(await owner.say(conversation.id))[-1] == "completed"


async def test_a_reply_that_breaks_off_before_its_first_word_leaves_no_turn(door, owner, conversation, model) -> None:
    line = model.line(ChatError(ChatErrorKind.OVERLOADED, "busy"))
    events = (await door.call(SEND, send(conversation.id, line.text), owner.token)).events
    assert (events[-1].failed.failure.reason, events[-1].failed.turn_id) == ("MODEL_UNAVAILABLE", "")
    assert len(await owner.turns(conversation.id)) == 2
