"""Streams: their forms, their failures, and clients that leave."""

import asyncio
import json
from dataclasses import replace

import pytest
from google.rpc.code_pb2 import Code

from gateway.app import Gateway
from gateway.streaming import StreamCutError

SSE = "text/event-stream"
NDJSON = "application/x-ndjson"


@pytest.fixture
def replies(message):
    return [message("library.v1.Reply", text="a"), message("library.v1.Reply", text="b")]


@pytest.fixture
def events(message):
    make = lambda **fields: message("shop.v2.WatchResponse", event=fields)  # noqa: E731  # shorter
    return [make(cursor="1", delta="he"), make(cursor="2", delta="llo"), make(done="ok")]


async def test_a_stream_is_an_array_by_default(client, upstream, replies):
    upstream.replies = replies
    response = await client.get("/v1/stream")
    assert response.headers["content-type"] == "application/json"
    assert response.json == [{"text": "a"}, {"text": "b"}]


async def test_an_empty_stream_is_an_empty_array(client):
    assert (await client.get("/v1/stream")).json == []


async def test_a_stream_may_be_lines(client, upstream, replies):
    upstream.replies = replies
    response = await client.get("/v1/stream", accept=NDJSON)
    assert response.headers["content-type"] == NDJSON
    assert response.body == b'{"text":"a"}\n{"text":"b"}\n'


async def test_a_stream_may_be_events_with_cursor_and_case(client, upstream, events):
    upstream.replies = events
    response = await client.get("/api/v2/events", accept=SSE)
    assert response.headers["content-type"] == SSE
    assert response.body.decode().split("\n\n") == [
        'retry: 3000\nid: 1\nevent: delta\ndata: {"cursor":"1","delta":"he"}',
        'id: 2\nevent: delta\ndata: {"cursor":"2","delta":"llo"}',
        'event: done\ndata: {"cursor":"","done":"ok"}',
        "",
    ]


async def test_a_cursor_that_would_break_its_line_is_left_out(client, upstream, message):
    upstream.replies = [message("shop.v2.WatchResponse", event={"cursor": "a\nevent: x", "delta": "d"})]
    assert b"id:" not in (await client.get("/api/v2/events", accept=SSE)).body


async def test_a_stream_of_http_bodies_is_raw(client, upstream, message):
    upstream.replies = [
        message("google.api.HttpBody", content_type="text/csv", data=b"a,b\n"),
        message("google.api.HttpBody", data=b"c,d\n"),
    ]
    response = await client.get("/v1/blobs")
    assert (response.headers["content-type"], response.body) == ("text/csv", b"a,b\nc,d\n")


@pytest.mark.parametrize("accept", ["", NDJSON, SSE])
async def test_a_failure_before_the_first_message_keeps_its_status(client, upstream, failure, accept):
    upstream.replies = [failure(Code.PERMISSION_DENIED)]
    response = await client.get("/v1/stream", accept=accept)
    assert (response.status, response.headers["content-type"]) == (403, "application/json")
    assert response.json == {"code": 7, "message": "no"}


async def test_an_array_that_fails_midway_stays_open(client, upstream, replies, failure):
    upstream.replies = [*replies, failure(Code.INTERNAL)]
    response = await client.get("/v1/stream")
    assert response.body.endswith(b',{"error":{"code":13,"message":"no"}}')
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.body)


async def test_lines_that_fail_midway_end_with_the_error(client, upstream, replies, failure):
    upstream.replies = [*replies, failure(Code.INTERNAL)]
    lines = (await client.get("/v1/stream", accept=NDJSON)).body.splitlines()
    assert json.loads(lines[-1]) == {"error": {"code": 13, "message": "no"}}


async def test_events_that_fail_midway_end_with_the_error(client, upstream, events, failure):
    upstream.replies = [*events, failure(Code.UNAVAILABLE)]
    response = await client.get("/api/v2/events", accept=SSE, x_request_id="r1")
    name, data = response.body.decode().split("\n\n")[-2].split("\n")
    assert name == "event: error"
    error = json.loads(data.removeprefix("data: "))
    assert (error["error"]["code"], error["meta"]["request_id"]) == ("UNAVAILABLE", "r1")


async def test_raw_bytes_that_fail_midway_cut_the_connection(client, upstream, message, failure):
    upstream.replies = [message("google.api.HttpBody", data=b"a"), failure(Code.INTERNAL)]
    with pytest.raises(StreamCutError):
        await client.get("/v1/blobs")


async def test_a_message_without_a_json_form_ends_the_stream_with_an_error(client, upstream, replies, message):
    upstream.replies = [*replies, message("library.v1.Reply", read_at={"nanos": -1})]
    lines = (await client.get("/v1/stream", accept=NDJSON)).body.splitlines()
    assert json.loads(lines[-1])["error"]["code"] == Code.INTERNAL


async def test_a_bug_midway_is_not_hidden(client, upstream, replies):
    upstream.replies = [*replies, ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        await client.get("/v1/stream")


async def test_events_with_nothing_left_to_resume_tell_the_browser_to_stop(client):
    response = await client.get("/api/v2/events", accept=SSE, last_event_id="9")
    assert (response.status, response.body) == (204, b"")
    assert (await client.get("/api/v2/events", accept=SSE)).status == 200


async def test_a_silent_event_stream_gets_comments(image, upstream, options, client_of, events):
    upstream.hold = asyncio.Event()
    client = client_of(Gateway(image, upstream, replace(options, heartbeat_seconds=0.001)))
    beats = asyncio.Event()
    seen = []

    async def app(scope, receive, send):
        async def counting_send(event):
            seen.append(event)
            await send(event)
            if len(seen) > 3:
                beats.set()

        await client_app(scope, receive, counting_send)

    client_app, client.app = client.app, app
    request = asyncio.create_task(client.get("/api/v2/events", accept=SSE))
    await beats.wait()
    upstream.hold.set()
    response = await request
    assert response.status == 200
    assert set(response.body.split(b"\n\n")) == {b": ", b""}


async def test_many_messages_leave_room_for_others(client, upstream, replies):
    upstream.replies = replies * 100
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    neighbour = asyncio.create_task(other())
    await client.get("/v1/stream")
    neighbour.cancel()
    assert turns > 3


@pytest.mark.parametrize("path", ["/v1/author", "/v1/stream"])
async def test_when_the_client_leaves_the_call_ends(client, upstream, replies, path):
    upstream.replies = replies
    upstream.hold = asyncio.Event()
    request = asyncio.create_task(client.get(path))
    await upstream.reached.wait()
    client.leave.set()
    await request
    assert upstream.ended.is_set()
    assert request.cancelling() == 0


async def test_a_client_that_leaves_while_it_sends_makes_no_call(client, upstream):
    events = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent = []

    async def receive():
        return events.pop(0)

    async def send(event):
        sent.append(event)

    scope = {"type": "http", "method": "POST", "raw_path": b"/v1/shelves/s/books", "headers": []}
    await client.app(scope, receive, send)
    assert (sent, upstream.calls, events) == ([], [], [])


async def test_a_cancelled_request_stays_cancelled(client, upstream):
    upstream.hold = asyncio.Event()
    request = asyncio.create_task(client.get("/v1/author"))
    await upstream.reached.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert upstream.ended.is_set()
