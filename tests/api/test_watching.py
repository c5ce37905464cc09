"""Watching a conversation through both doors: devices that show it end equal, from every cursor."""

import asyncio
import json
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import grpc
import pytest
from api.contract import RPCS
from api.doors import NDJSON, SSE
from api.replies import SEND, send

from domain.practice.chat import Delta, Finish, FinishReason

WATCH = "ConversationService/WatchConversation"
END = "ConversationService/EndConversation"


def watch(conversation_id: str, after: str = "") -> Any:
    """Return a WatchConversation."""
    return RPCS[WATCH].request(conversation_id=conversation_id, after=after)


def kinds(events: list[Any]) -> list[str]:
    """Return what each event tells."""
    return [event.WhichOneof("event") for event in events]


class Device:
    """What shows a conversation, by what it is told."""

    def __init__(self) -> None:
        self.turns: dict[str, Any] = {}
        self.conversation: Any = None
        self.cursors: list[str] = []

    def take(self, event: Any) -> None:
        """Take one event in."""
        if event.cursor:
            self.cursors.append(event.cursor)
        match event.WhichOneof("event"):
            case "turn":
                self.turns[event.turn.id] = event.turn
            case "conversation":
                self.conversation = event.conversation

    def shown(self) -> tuple[Any, list[Any]]:
        """Return what the screen shows."""
        return self.conversation, sorted(
            (turn for turn in self.turns.values() if not turn.replaced), key=lambda turn: turn.position
        )


async def until(call: Any, device: Device, kind: str) -> Any:
    """Take events in up to the first of that kind, and return it."""
    while True:
        event = (await call.read()).event
        device.take(event)
        if event.WhichOneof("event") == kind:
            return event


@pytest.fixture
async def ended(owner, conversation) -> Any:
    """A conversation with a reply that has ended."""
    await owner.say(conversation.id)
    await owner.call(END, conversation_id=conversation.id)
    return conversation


async def test_an_ended_conversation_comes_whole_and_then_the_stream_ends(door, owner, ended) -> None:
    events = (await door.call(WATCH, watch(ended.id), owner.token)).events
    assert kinds(events) == ["turn", "turn", "turn", "conversation"]
    assert [event.turn for event in events[:3]] == await owner.turns(ended.id)
    assert events[-1].conversation.status == 3
    assert [event.cursor for event in events] == ["", "", "", f"{ended.id}:{events[-1].conversation.etag}"]


async def test_both_doors_tell_the_same_from_every_cursor(product, owner, ended) -> None:
    version = int((await owner.call(WATCH, conversation_id=ended.id)).events[-1].conversation.etag)
    for seen in range(1, version + 1):
        request = watch(ended.id, f"{ended.id}:{seen}")
        by_grpc = (await product.grpc.call(WATCH, request, owner.token)).messages
        by_http = (await product.http.call(WATCH, request, owner.token)).messages
        assert by_grpc == by_http
        assert bool(by_grpc) == (seen < version)


async def test_two_devices_end_equal_whatever_breaks_between(owner, conversation, model) -> None:
    gate = asyncio.Event()
    line = model.line(Delta("One, "), gate, Delta("two."), Finish(FinishReason.STOP))
    steady, broken = Device(), Device()
    whole = owner.door.start(WATCH, watch(conversation.id), owner.token)
    first = owner.door.start(WATCH, watch(conversation.id), owner.token)
    await until(whole, steady, "conversation")
    await until(first, broken, "conversation")
    saying = asyncio.create_task(owner.say(conversation.id, line.text))
    assert (await until(whole, steady, "generation")).generation.status == 1
    await until(first, broken, "conversation")
    first.cancel()  # its device has lost the network
    gate.set()
    await saying
    await owner.call(END, conversation_id=conversation.id)
    resumed = owner.door.start(WATCH, watch(conversation.id, broken.cursors[-1]), owner.token)
    for call, device in [(whole, steady), (resumed, broken)]:
        while (answer := await call.read()) is not grpc.aio.EOF:
            device.take(answer.event)
    assert steady.shown() == broken.shown()
    assert [turn.text for turn in steady.shown()[1][1:]] == [line.text, "One, two."]
    assert steady.shown()[1] == await owner.turns(conversation.id)


async def test_over_sse_only_a_conversation_has_an_id_and_the_last_one_resumes(http, owner, conversation) -> None:
    parts = http.parts(WATCH, watch(conversation.id), owner.token, SSE)
    async with http.client.stream(**parts) as response:
        lines = response.aiter_lines()
        async with aclosing(lines), asyncio.timeout(10):
            seen = [line async for line in _up_to_id(lines)]
    last = next(line.removeprefix("id: ") for line in seen if line.startswith("id: "))
    assert last == f"{conversation.id}:1"
    assert [line for line in seen if line.startswith("event: ")] == ["event: turn"]
    await owner.call(END, conversation_id=conversation.id)
    parts = http.parts(WATCH, watch(conversation.id), owner.token, SSE, **{"last-event-id": last})
    body = (await http.client.request(**parts)).text
    assert body.count("event: ") == body.count("event: conversation") == 1
    new = next(line.removeprefix("id: ") for line in body.splitlines() if line.startswith("id: "))
    parts = http.parts(WATCH, watch(conversation.id), owner.token, SSE, **{"last-event-id": new})
    assert (await http.client.request(**parts)).status_code == 204


async def _up_to_id(lines: Any) -> Any:
    async for line in lines:
        yield line
        if line.startswith("id: "):
            return


async def test_a_change_is_told_to_a_browser_while_it_waits(http, owner, conversation) -> None:
    parts = http.parts(WATCH, watch(conversation.id), owner.token, NDJSON)
    async with http.client.stream(**parts) as response, asyncio.timeout(10):
        lines = response.aiter_lines()
        assert [list(json.loads(await anext(lines)))[-1] for _ in range(2)] == ["turn", "conversation"]
        await owner.call(END, conversation_id=conversation.id)
        assert json.loads(await anext(lines))["conversation"]["status"] == "CONVERSATION_STATUS_COMPLETED"
        assert [line async for line in lines] == []


async def test_a_cursor_that_was_never_given_is_refused(door, owner, conversation) -> None:
    stranger = await owner.converse()
    for after in ("abc", "\0", f"{conversation.id}:9", f"{stranger.id}:1"):
        outcome = await door.call(WATCH, watch(conversation.id, after), owner.token)
        assert (outcome.code, outcome.reason) == ("INVALID_ARGUMENT", "CURSOR_UNKNOWN")


async def test_a_strangers_conversation_is_not_found(door, other, conversation) -> None:
    for asked in (conversation.id, str(uuid4()), "abc"):
        outcome = await door.call(WATCH, watch(asked), other.token)
        assert (outcome.code, outcome.reason) == ("NOT_FOUND", "CONVERSATION_NOT_FOUND")


async def test_a_message_that_is_refused_changes_nothing_for_who_watches(owner, conversation) -> None:
    call = owner.door.start(WATCH, watch(conversation.id), owner.token)
    device = Device()
    await until(call, device, "conversation")
    assert (await owner.door.call(SEND, send(conversation.id, ""), owner.token)).code == "INVALID_ARGUMENT"
    await owner.call(END, conversation_id=conversation.id)
    assert (await until(call, device, "conversation")).conversation.etag == "2"
    assert await call.read() is grpc.aio.EOF
