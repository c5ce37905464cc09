"""The learner steers through both doors: interrupting, having the partner reply anew, pausing."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from api.contract import RPCS
from api.replies import CANCEL, END, SEND, kinds, rest, said, send, until
from api.stage import WORDS
from sqlalchemy import text

from domain.practice.chat import Delta, Finish, FinishReason

REGENERATE = "ConversationService/RegenerateReply"
PAUSE, GO_ON = "ConversationService/PauseConversation", "ConversationService/ResumeConversation"
GET = "ConversationService/GetConversation"
HALF, WHOLE = "Good evening, and", "".join(WORDS)
STOP = Finish(FinishReason.STOP)


def interrupting(conversation_id: str, words: str = "Wait!", key: str = "") -> Any:
    request = send(conversation_id, words, key)
    request.interrupt = True
    return request


def anew(turn_id: str, key: str = "") -> Any:
    return RPCS[REGENERATE].request(turn_id=turn_id, client_message_id=key or uuid4().hex)


def of(name: str, conversation_id: str, **fields: str) -> Any:
    return RPCS[name].request(conversation_id=conversation_id, **fields)


async def answered(owner: Any, conversation: Any, model: Any) -> tuple[Any, Any]:
    """Say something, have it answered, and return its line and both turns."""
    line = model.line()
    await owner.say(conversation.id, line.text)
    return line, (await owner.turns(conversation.id))[1:]


async def rows(product: Any, table: str, conversation: Any) -> list[Any]:
    """Return a table's rows of a conversation, by version."""
    key = "id" if table == "conversation" else "conversation_id"
    query = text(f"SELECT * FROM {table} WHERE {key} = :id ORDER BY version")
    async with product.application.connections.reading() as connection:
        return list(await connection.execute(query, {"id": conversation.id}))


# Interrupting


async def test_a_message_can_interrupt_the_reply_under_way(door, owner, conversation, model) -> None:
    line = model.line(Delta(HALF), asyncio.Event())
    call, _ = await until(owner, send(conversation.id, line.text), "delta")
    events = (await door.call(SEND, interrupting(conversation.id), owner.token)).events
    assert (kinds(await rest(call))[-1], kinds(events)[-1], said(events)) == ("cancelled", "completed", WHOLE)
    assert line.closed.is_set()
    turns = (await owner.turns(conversation.id))[1:]
    assert [turn.text for turn in turns] == [line.text, HALF, "Wait!", WHOLE]
    assert [turn.partial for turn in turns] == [False, True, False, False]


async def test_the_same_message_again_interrupts_nothing(door, owner, conversation, model) -> None:
    gate = asyncio.Event()
    line = model.line(Delta(HALF), gate, STOP)
    request = interrupting(conversation.id, line.text)
    call, _ = await until(owner, request, "delta")
    again = asyncio.create_task(door.call(SEND, request, owner.token))
    gate.set()
    assert kinds(await rest(call))[-1] == kinds((await again).events)[-1] == "completed"
    assert line.asked == 1


async def test_ten_interruptions_at_once_under_one_id_are_one_message(product, owner, conversation, model) -> None:
    call, _ = await until(owner, send(conversation.id, model.line(Delta(HALF), asyncio.Event()).text), "delta")
    request = interrupting(conversation.id, (line := model.line()).text)
    doors = (product.http, product.grpc) * 5
    answers = await asyncio.gather(*(door.call(SEND, request, owner.token) for door in doors))
    assert all(answer.events == answers[0].events for answer in answers)
    assert kinds(await rest(call))[-1] == "cancelled"
    assert len(await owner.turns(conversation.id)) == 5
    assert line.asked == 1


async def test_fifty_interruptions_at_once_lose_no_update(product, owner, conversation) -> None:
    async def insist(door: Any, words: str) -> str:
        """Say it until it is taken: several others may have been faster, one after the other."""
        request = interrupting(conversation.id, words)
        while (answer := await door.call(SEND, request, owner.token)).code != "OK":
            assert answer.reason in {"GENERATION_IN_PROGRESS", "TOO_MANY_STREAMS"}
        return answer.events[0].generation_id

    doors = (product.http, product.grpc) * 25
    texts = [f"Wait, {number}!" for number in range(50)]
    taken = await asyncio.gather(*(insist(door, words) for door, words in zip(doors, texts, strict=True)))
    (now,) = await rows(product, "conversation", conversation)
    replies = await rows(product, "generation", conversation)
    turns = await rows(product, "turn", conversation)
    # Each reply took one version to begin and one to end, whatever the others did meanwhile.
    assert sorted(str(row.id) for row in replies) == sorted(taken)
    assert (now.version, now.fence) == (101, 50)
    assert [row.version for row in replies] == list(range(3, 102, 2))
    assert [row.position for row in turns] == list(range(1, now.turns + 1))
    assert [row.version for row in turns if row.author == "learner"] == list(range(2, 101, 2))
    assert sorted(row.text for row in turns if row.author == "learner") == sorted(texts)


# Replying anew


async def test_the_partner_replies_anew(door, owner, conversation, model) -> None:
    line, (learners, first) = await answered(owner, conversation, model)
    line.parts = (Delta("Anew."), STOP)
    events = (await door.call(REGENERATE, anew(first.id), owner.token)).events
    assert (events[0].accepted.turn_id, said(events)) == (learners.id, "Anew.")
    turns = (await owner.turns(conversation.id))[1:]
    assert [(turn.text, turn.position, turn.replaced) for turn in turns] == [
        (line.text, 2, False),
        ("Anew.", 4, False),
    ]
    assert (turns[0].generation_id, turns[1].id) == (first.generation_id, events[-1].completed.turn_id)
    assert line.asked == 2


async def test_the_old_reply_is_not_listed_while_the_new_one_streams(product, door, owner, conversation, model) -> None:
    line, (learners, _first) = await answered(owner, conversation, model)
    gate = asyncio.Event()
    line.parts = (Delta("An"), gate, Delta("ew."), STOP)
    call = owner.door.start(REGENERATE, anew(learners.id), owner.token)
    while (event := (await call.read()).event).WhichOneof("event") != "delta":
        pass
    assert [turn.position for turn in await owner.turns(conversation.id)] == [1, 2]
    refused = await door.call(REGENERATE, anew(learners.id), owner.token)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "GENERATION_IN_PROGRESS")
    assert refused.metadata == {"generation_id": event.generation_id}
    gate.set()
    await rest(call)
    assert [turn.position for turn in await owner.turns(conversation.id)] == [1, 2, 4]


async def test_the_old_reply_stays_when_the_new_one_says_nothing(door, owner, conversation, model) -> None:
    line, (_, first) = await answered(owner, conversation, model)
    line.parts = (asyncio.Event(),)
    call = owner.door.start(REGENERATE, anew(first.id), owner.token)
    generation_id = (await call.read()).event.generation_id
    await door.call(CANCEL, RPCS[CANCEL].request(generation_id=generation_id), owner.token)
    assert kinds(await rest(call))[-1] == "cancelled"
    assert (await owner.turns(conversation.id))[-1] == first


async def test_ten_wishes_at_once_under_one_id_make_one_reply(product, owner, conversation, model) -> None:
    line, (learners, _) = await answered(owner, conversation, model)
    request = anew(learners.id)
    doors = (product.http, product.grpc) * 5
    answers = await asyncio.gather(*(door.call(REGENERATE, request, owner.token) for door in doors))
    assert all(answer.events == answers[0].events for answer in answers)
    assert line.asked == 2
    assert len(await rows(product, "generation", conversation)) == 2


async def test_ten_different_wishes_at_once_leave_one_reply(product, owner, conversation, model) -> None:
    _, (learners, _) = await answered(owner, conversation, model)
    doors = (product.http, product.grpc) * 5
    answers = await asyncio.gather(*(door.call(REGENERATE, anew(learners.id), owner.token) for door in doors))
    assert {answer.reason for answer in answers if answer.code != "OK"} <= {"GENERATION_IN_PROGRESS"}
    assert len(await owner.turns(conversation.id)) == 3


async def test_an_id_of_a_wish_is_no_messages_and_the_other_way_round(door, owner, conversation) -> None:
    await owner.say(conversation.id, key="m-1")
    learners = (await owner.turns(conversation.id))[1]
    assert (await door.call(REGENERATE, anew(learners.id, "w-1"), owner.token)).events
    for name, request in ((REGENERATE, anew(learners.id, "m-1")), (SEND, send(conversation.id, key="w-1"))):
        refused = await door.call(name, request, owner.token)
        assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "CLIENT_MESSAGE_ID_REUSED")


async def test_only_the_newest_message_is_answered_anew(door, owner, conversation) -> None:
    await owner.say(conversation.id)
    await owner.say(conversation.id)
    for turn in (await owner.turns(conversation.id))[:3]:
        refused = await door.call(REGENERATE, anew(turn.id), owner.token)
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "TURN_NOT_NEWEST")
        assert refused.metadata == {"turn_id": turn.id}


@pytest.mark.parametrize("turn_id", ["abc", "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11", "\0"])
async def test_what_is_no_turn_of_the_learner_is_not_found(door, owner, turn_id) -> None:
    refused = await door.call(REGENERATE, anew(turn_id), owner.token)
    assert (refused.code, refused.reason) == ("NOT_FOUND", "TURN_NOT_FOUND")


async def test_a_strangers_turn_is_not_found(door, owner, other, conversation) -> None:
    await owner.say(conversation.id)
    turn = (await owner.turns(conversation.id))[-1]
    refused = await door.call(REGENERATE, anew(turn.id), other.token)
    assert (refused.code, refused.reason) == ("NOT_FOUND", "TURN_NOT_FOUND")


# Pausing


async def test_a_paused_conversation_takes_no_messages_until_it_is_resumed(door, owner, conversation) -> None:
    await owner.say(conversation.id)
    learners = (await owner.turns(conversation.id))[1]
    paused = (await door.call(PAUSE, of(PAUSE, conversation.id), owner.token)).message.conversation
    assert paused.status == 2
    for name, request in ((SEND, interrupting(conversation.id)), (REGENERATE, anew(learners.id))):
        refused = await door.call(name, request, owner.token)
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "CONVERSATION_PAUSED")
        assert refused.metadata == {"conversation_id": conversation.id}
    resumed = (await door.call(GO_ON, of(GO_ON, conversation.id, etag=paused.etag), owner.token)).message.conversation
    assert resumed.status == 1
    assert kinds(await owner.say(conversation.id))[-1] == "completed"


async def test_a_pause_stops_no_reply(door, owner, conversation, model) -> None:
    gate = asyncio.Event()
    call, event = await until(owner, send(conversation.id, model.line(Delta(HALF), gate, STOP).text), "delta")
    paused = (await door.call(PAUSE, of(PAUSE, conversation.id), owner.token)).message.conversation
    assert paused.active_generation_id == event.generation_id
    gate.set()
    assert kinds(await rest(call))[-1] == "completed"
    assert (await owner.call(GET, conversation_id=conversation.id)).message.conversation.status == 2


async def test_a_pause_based_on_an_older_state_is_aborted(door, owner, conversation) -> None:
    await owner.say(conversation.id)
    refused = await door.call(PAUSE, of(PAUSE, conversation.id, etag=conversation.etag), owner.token)
    assert (refused.code, refused.reason) == ("ABORTED", "ETAG_MISMATCH")
    assert (await owner.call(GET, conversation_id=conversation.id)).message.conversation.status == 1


async def test_a_paused_conversation_can_be_ended_and_is_paused_no_more(door, owner, conversation) -> None:
    await door.call(PAUSE, of(PAUSE, conversation.id), owner.token)
    assert (await door.call(END, of(END, conversation.id), owner.token)).message.conversation.status == 3
    for name in (PAUSE, GO_ON):
        refused = await door.call(name, of(name, conversation.id), owner.token)
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "CONVERSATION_ENDED")
