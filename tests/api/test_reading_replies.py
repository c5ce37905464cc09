"""Reading a reply: one log, the same events in every form, and any number of readers from any position."""

import asyncio
import json
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import pytest
from api.doors import ARRAY, NDJSON, SSE
from api.learner import Learner
from api.replies import RESUME, RETRY, SEND, kinds, parse_sse, rest, resume, said, send, until
from api.stage import WORDS
from google.protobuf.json_format import MessageToDict

from domain.practice.chat import Delta, Finish, FinishReason

TEXT = "".join(WORDS)
AS_OURS = {"preserving_proto_field_name": True, "always_print_fields_with_no_presence": True}
"""How our JSON writes a message."""


async def test_all_forms_of_a_stream_hold_the_same_events(product, owner, conversation) -> None:
    request = send(conversation.id)
    bodies = {}
    for accept in (SSE, NDJSON, ARRAY):
        response = await product.http.client.request(**product.http.parts(SEND, request, owner.token, accept))
        assert (response.status_code, response.headers["content-type"]) == (200, accept)
        bodies[accept] = response.content
    by_grpc = (await product.grpc.call(SEND, request, owner.token)).events
    assert kinds(by_grpc)[:2] == ["accepted", "started"]
    assert kinds(by_grpc)[-2:] == ["usage", "completed"]
    assert said(by_grpc) == TEXT
    expected = [(event.cursor, event.WhichOneof("event"), MessageToDict(event, **AS_OURS)) for event in by_grpc]
    assert [(key, name, json.loads(data)) for key, name, data in parse_sse(bodies[SSE])] == expected
    assert [json.loads(line) for line in bodies[NDJSON].splitlines()] == [data for *_, data in expected]
    assert json.loads(bodies[ARRAY]) == [data for *_, data in expected]


async def test_who_sees_completed_can_read_the_turns(owner, conversation) -> None:
    events = await owner.say(conversation.id, "A room for two, please.")
    opening, learners, partners = await owner.turns(conversation.id)
    assert (learners.id, learners.text) == (events[0].accepted.turn_id, "A room for two, please.")
    assert (partners.id, partners.text, partners.partial) == (events[-1].completed.turn_id, TEXT, False)
    assert [turn.position for turn in (opening, learners, partners)] == [1, 2, 3]
    assert learners.generation_id == partners.generation_id == events[0].generation_id


async def test_the_bytes_joined_are_the_bytes_of_an_uninterrupted_read_from_every_position(http, owner) -> None:
    generation = await owner.reply()
    whole = (await http.client.request(**http.parts(RESUME, resume(generation), owner.token))).content
    blocks = [block + b"\n\n" for block in whole.removeprefix(RETRY).split(b"\n\n")[:-1]]
    cursors = [key for key, *_ in parse_sse(whole)]
    assert len(cursors) == len(blocks) >= 5
    for index, cursor in enumerate(cursors[:-1], start=1):
        more = (await http.client.request(**http.parts(RESUME, resume(generation, cursor), owner.token))).content
        assert b"".join((RETRY, *blocks[:index], more.removeprefix(RETRY))) == whole


async def test_readers_who_join_in_the_middle_get_the_same_bytes_as_who_was_there_all_along(
    http, owner, conversation, model
) -> None:
    gate = asyncio.Event()
    line = model.line(Delta("One, "), Delta("two, "), gate, Delta("three."), Finish(FinishReason.STOP))
    call, first = await until(owner, send(conversation.id, line.text), "delta")
    generation = first.generation_id
    readers = [
        asyncio.create_task(http.client.request(**http.parts(RESUME, resume(generation, after), owner.token)))
        for after in ("", first.cursor)
    ]
    gate.set()
    whole, end = [(await reader).content.removeprefix(RETRY) for reader in readers]
    live = await rest(call)
    assert whole.endswith(end)
    assert whole.count(b"\n\n") - end.count(b"\n\n") == [key for key, *_ in parse_sse(whole)].index(first.cursor) + 1
    assert [event.cursor for event in live] == [key for key, *_ in parse_sse(end)]


async def test_last_event_id_wins_over_after(http, owner) -> None:
    generation = await owner.reply()
    events = await owner.follow(generation)
    parts = http.parts(RESUME, resume(generation, events[0].cursor), owner.token)
    parts["headers"]["last-event-id"] = events[-2].cursor
    response = await http.client.request(**parts)
    assert [key for key, *_ in parse_sse(response.content)] == [events[-1].cursor]


async def test_nothing_is_left_after_the_last_event(product, owner) -> None:
    generation = await owner.reply()
    last = (await owner.follow(generation))[-1].cursor
    assert (await product.grpc.call(RESUME, resume(generation, last), owner.token)).events == []
    assert (await product.http.call(RESUME, resume(generation, last), owner.token)).events == []
    by_header = await product.http.call(RESUME, resume(generation), owner.token, SSE, last_event_id=last)
    assert by_header.http_status == 204


@pytest.mark.parametrize("form", ["{g}:1-999", "{g}:2-1", "{other}:1-1", "{g}", "garbage", "\0", "x" * 3000])
async def test_a_cursor_that_was_never_sent_is_refused(door, owner, form) -> None:
    generation, another = await owner.reply(), await owner.reply()
    cursor = form.format(g=generation, other=another)
    refused = await door.call(RESUME, resume(generation, cursor), owner.token)
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "CURSOR_UNKNOWN")


async def test_a_reader_that_leaves_by_http_stops_nothing(http, owner, conversation, model) -> None:
    gate = asyncio.Event()
    line = model.line(Delta("Good evening, "), gate, Delta("and welcome."), Finish(FinishReason.STOP))
    parts = http.parts(SEND, send(conversation.id, line.text), owner.token)
    async with http.client.stream(**parts) as response, aclosing(response.aiter_bytes()) as chunks:
        seen = b""
        while b"event: delta" not in seen:
            seen += await anext(chunks)
    await _goes_on(owner, conversation.id, gate, line)


async def test_a_reader_that_leaves_by_grpc_stops_nothing(owner, conversation, model) -> None:
    gate = asyncio.Event()
    line = model.line(Delta("Good evening, "), gate, Delta("and welcome."), Finish(FinishReason.STOP))
    call, _ = await until(owner, send(conversation.id, line.text), "delta")
    call.cancel()
    await _goes_on(owner, conversation.id, gate, line)


async def _goes_on(owner: Learner, conversation_id: str, gate: asyncio.Event, line: Any) -> None:
    found = (await owner.call("ConversationService/GetConversation", conversation_id=conversation_id)).message
    generation = found.conversation.active_generation_id
    assert generation
    assert not line.closed.is_set()
    gate.set()
    events = await owner.follow(generation)
    assert kinds(events)[-1] == "completed"
    assert said(events) == (await owner.turns(conversation_id))[-1].text == "Good evening, and welcome."


@pytest.mark.parametrize("accept", [SSE, NDJSON, ARRAY])
async def test_a_stream_that_fails_at_once_has_the_status_of_its_error(http, owner, conversation, accept) -> None:
    unknown = str(uuid4())
    for name, request, token, status in (
        (SEND, send(unknown), owner.token, 404),
        (SEND, send(conversation.id, key="no such key"), owner.token, 400),
        (SEND, send(conversation.id), None, 401),
        (RESUME, resume(unknown), owner.token, 404),
        (RESUME, resume(unknown), "bad", 401),
    ):
        response = await http.client.request(**http.parts(name, request, token, accept))
        assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
        assert response.json()["error"]["code"]
