"""A whole conversation in one stream, over gRPC and over a WebSocket."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from api.stage import WORDS
from api.talks import GrpcTalk, Hearing, WebSocketTalk, kind_of, open_talk

from domain.practice.chat import Delta, Finish, FinishReason

TEXT = "".join(WORDS)
STOP = Finish(FinishReason.STOP)


@pytest.fixture
async def join(owner):
    """Open a stream by a door, for the owner or somebody else; all are left at the end."""
    opened: list[Any] = []

    async def enter(door: Any, conversation_id: str, token: str | None = owner.token, **action: Any) -> Any:
        talk = await open_talk(door, conversation_id, token)
        opened.append(talk)
        if action:
            await talk.ask(**action)
        return talk

    yield enter
    for talk in opened:
        await talk.leave()


def say(text: str = "Good evening.", key: str = "", **fields: Any) -> dict[str, Any]:
    return {"say": {"client_message_id": key or uuid4().hex, "text": text, **fields}}


async def test_one_message_opens_the_stream_and_is_answered(door, owner, conversation, join) -> None:
    talk = await join(door, conversation.id, **say("A room for two, please."))
    await talk.end()
    assert (await talk.outcome()).code == "OK"
    assert talk.text == TEXT
    assert talk.turns == [(turn.id, turn.text) for turn in await owner.turns(conversation.id)]
    assert [text for _, text in talk.turns][1:] == ["A room for two, please.", TEXT]


async def test_two_devices_of_either_kind_end_equal(product, owner, conversation, join, model) -> None:
    """One converses, the other watches by a Converse that lost its seat, and comes back by its cursors."""
    gate = asyncio.Event()
    line = model.line(Delta("One, "), Delta("two, "), gate, Delta("three."), STOP)
    phone = await join(product.grpc, conversation.id, **say(line.text))
    await phone.until("reply.delta")
    await phone.sees("change.generation")
    browser = await join(product.http, conversation.id, open={})
    closed = await phone.until("change.closed")
    assert closed.change.closed.reason == "SUPERSEDED"
    assert closed.change.cursor == phone.cursors[0]
    assert (await phone.outcome()).code == "OK"
    await browser.until("reply.delta")
    after, reply_after = phone.cursors
    again = await join(product.grpc, conversation.id, open={"after": after, "reply_after": reply_after})
    again.heard += phone.heard
    await browser.until("change.closed")
    gate.set()
    await again.until("reply.completed")
    await again.end()
    assert (await again.outcome()).code == "OK"
    third = await join(product.http, conversation.id, open={"after": browser.cursors[0]})
    third.heard += browser.heard
    await third.end()
    assert (await third.outcome()).code == "OK"
    assert again.turns == third.turns
    assert again.text == "One, two, three."


@pytest.mark.parametrize("kinds", [("grpc", "grpc"), ("grpc", "http"), ("http", "http")])
async def test_the_newest_wins(product, conversation, join, kinds) -> None:
    older = await join(getattr(product, kinds[0]), conversation.id, open={})
    await older.until("change.conversation")
    newer = await join(getattr(product, kinds[1]), conversation.id, open={})
    await newer.until("change.conversation")
    assert (await older.until("change.closed")).change.closed.reason == "SUPERSEDED"
    assert (await older.outcome()).code == "OK"
    await newer.end()
    assert (await newer.outcome()).code == "OK"


async def test_resumed_at_every_pair_of_cursors_nothing_is_lost_or_doubled(product, owner, join, model) -> None:
    line = model.line(*map(Delta, "abcdef"), STOP)
    conversation = await owner.converse()
    whole = await join(product.grpc, conversation.id, **say(line.text))
    await whole.end()
    assert (await whole.outcome()).code == "OK"
    for seen in range(len(whole.heard)):
        part = Hearing(whole.heard[:seen])
        after, reply_after = part.cursors
        rest = await join(product.grpc, conversation.id, open={"after": after, "reply_after": reply_after})
        await rest.end()
        assert (await rest.outcome()).code == "OK"
        part.heard += rest.heard
        assert part.turns == whole.turns
        if reply_after:
            assert part.text == whole.text == "abcdef"


async def test_what_is_refused_has_its_reason_and_ends_nothing(door, conversation, join) -> None:
    talk = await join(door, conversation.id, open={})
    wrong: list[tuple[dict[str, Any], tuple[str, dict[str, str]]]] = [
        (say("", "m-1"), ("INVALID_REQUEST", {"text": "REQUIRED"})),
        (say("a\0b", "m-2"), ("INVALID_REQUEST", {"text": "INVALID_CHARACTER"})),
        (say("a" * 2001, "m-3"), ("INVALID_REQUEST", {"text": "TOO_LONG"})),
        (say("Hello.", "m 4"), ("INVALID_REQUEST", {"client_message_id": "INVALID_FORMAT"})),
        ({"open": {}}, ("INVALID_REQUEST", {"open": "MISPLACED"})),
        ({}, ("INVALID_REQUEST", {"action": "REQUIRED"})),
        ({"cancel": {"generation_id": "abc"}}, ("GENERATION_NOT_FOUND", {"generation_id": "abc"})),
        ({"regenerate": {"turn_id": "abc", "client_message_id": "m-5"}}, ("TURN_NOT_FOUND", {"turn_id": "abc"})),
    ]
    for action, (reason, metadata) in wrong:
        await talk.ask(**action)
        refused = (await talk.until("refused")).refused
        assert (refused.failure.reason, dict(refused.metadata)) == (reason, metadata)
        assert refused.failure.message
        assert not refused.failure.retryable
        key = next(iter(action.values()), {}).get("client_message_id", "")
        assert refused.client_message_id == key
    await talk.ask(**say())
    await talk.end()
    assert (await talk.outcome()).code == "OK"
    assert talk.text == TEXT


async def test_a_second_message_is_refused_with_the_reply_under_way_or_interrupts_it(
    door, conversation, join, model
) -> None:
    line = model.line(Delta("One, "), asyncio.Event())
    talk = await join(door, conversation.id, **say(line.text))
    first = await talk.until("reply.delta")
    await talk.ask(**say("And?"))
    refused = (await talk.until("refused")).refused
    assert refused.failure.reason == "GENERATION_IN_PROGRESS"
    assert refused.metadata["generation_id"] == first.reply.generation_id
    await talk.ask(**say("Wait.", interrupt=True))
    await talk.until("reply.completed")
    await talk.end()
    await talk.outcome()
    assert [text for _, text in talk.turns][1:] == [line.text, "One, ", "Wait.", TEXT]


async def test_a_reply_can_be_stopped_and_made_anew(door, owner, conversation, join, model) -> None:
    line = model.line(Delta("One, "), asyncio.Event())
    talk = await join(door, conversation.id, **say(line.text))
    await talk.until("reply.delta")
    await talk.ask(cancel={})
    await talk.until("reply.cancelled")
    line.parts = (Delta("Anew."), STOP)
    turn = (await owner.turns(conversation.id))[-1]
    await talk.ask(regenerate={"turn_id": turn.id, "client_message_id": "r-1"})
    await talk.until("reply.completed")
    await talk.end()
    await talk.outcome()
    assert [text for _, text in talk.turns][1:] == [line.text, "Anew."]


async def test_who_leaves_stops_nothing(door, owner, conversation, join, model) -> None:
    gate = asyncio.Event()
    line = model.line(Delta("One, "), gate, Delta("two."), STOP)
    talk = await join(door, conversation.id, **say(line.text))
    generation = (await talk.until("reply.delta")).reply.generation_id
    await talk.leave()
    gate.set()
    assert (await owner.follow(generation))[-1].WhichOneof("event") == "completed"


async def test_a_stream_that_cannot_be_opened_is_refused(door, owner, other, conversation, join) -> None:
    strangers = (await other.say((await other.converse()).id))[-1].cursor
    elsewhere = (await owner.say((await owner.converse()).id))[-1].cursor
    replies = ("abc", f"{uuid4()}:1-1", strangers, elsewhere)
    for opening in (
        *({"after": after} for after in ("abc", f"{conversation.id}:9")),
        *({"reply_after": after} for after in replies),
    ):
        outcome = await (await join(door, conversation.id, open=opening)).outcome()
        assert (outcome.code, outcome.reason) == ("INVALID_ARGUMENT", "CURSOR_UNKNOWN")


async def test_a_strangers_conversation_is_not_found(door, other, conversation, join) -> None:
    for asked in (conversation.id, str(uuid4()), "abc"):
        talk = await join(door, asked, other.token, open={})
        outcome = await talk.outcome()
        assert (outcome.code, outcome.reason) == ("NOT_FOUND", "CONVERSATION_NOT_FOUND")


async def test_nobody_converses_without_a_token(door, conversation, join) -> None:
    outcome = await (await join(door, conversation.id, None, open={})).outcome()
    assert (outcome.code, outcome.reason) == ("UNAUTHENTICATED", "TOKEN_MISSING")


async def test_the_first_message_names_the_conversation_and_later_ones_no_other(product, conversation, join) -> None:
    for nothing in (True, False):
        talk = await join(product.grpc, conversation.id)
        await (talk.end() if nothing else talk.ask(conversation_id="", **say()))
        outcome = await talk.outcome()
        assert (outcome.reason, outcome.violations) == ("INVALID_REQUEST", [("conversation_id", "REQUIRED")])
    talk = await join(product.grpc, conversation.id, open={})
    await talk.ask(conversation_id=str(uuid4()), **say(key="m-1"))
    refused = (await talk.until("refused")).refused
    assert (refused.client_message_id, dict(refused.metadata)) == ("m-1", {"conversation_id": "IMMUTABLE"})
    await talk.ask(conversation_id="", **say())
    await talk.until("reply.completed")


async def test_bytes_that_are_no_message_end_the_stream(product, conversation, join) -> None:
    for wrong in (b"\xff", b"\x0a\x02\xc3\x28"):  # no message; a text that is no UTF-8
        talk: GrpcTalk = await join(product.grpc, conversation.id, open={})
        await talk.until("change.conversation")
        await talk.send(wrong)
        outcome = await talk.outcome()
        assert (outcome.code, outcome.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")


async def test_a_lone_surrogate_ends_a_websocket_with_its_reason(product, conversation, join) -> None:
    talk: WebSocketTalk = await join(product.http, conversation.id, open={})
    await talk.until("change.conversation")
    await talk.socket.send('{"say": {"client_message_id": "m-1", "text": "\\ud800"}}')
    outcome = await talk.outcome()
    assert (outcome.code, outcome.reason) == ("INVALID_ARGUMENT", "INVALID_VALUE")


async def test_the_stream_ends_with_the_conversation(door, owner, conversation, join) -> None:
    talk = await join(door, conversation.id, open={})
    await talk.until("change.conversation")
    await owner.call("ConversationService/EndConversation", conversation_id=conversation.id)
    assert (await talk.outcome()).code == "OK"
    assert kind_of(talk.heard[-1]) == "change.conversation"
    assert talk.heard[-1].change.conversation.status == 3
