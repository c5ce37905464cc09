"""Calls whose client sends a stream of messages: a JSON array, lines, or raw bytes."""

import asyncio
import gzip
import json

import pytest
from google.protobuf.message_factory import GetMessageClass

REQUEST = "library.v1.Request"
GATHER = "/v1/shelves/s1/gather"
NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture
def taken(upstream, image):
    """Return what reads all messages that reached the upstream."""
    return lambda kind=REQUEST: [
        GetMessageClass(image.pool.FindMessageTypeByName(kind)).FromString(data) for data in upstream.requests
    ]


@pytest.mark.parametrize(
    ("body", "headers", "books"),
    [
        ([{"book": "a"}, {"book": "b"}], {}, ["a", "b"]),
        ((b'[{"boo', b'k": "a"}', b', {"book":"b"', b"}]"), {}, ["a", "b"]),
        (b'{"book": "a"}\n\n{"book": "b"}', NDJSON, ["a", "b"]),
        (b'{"book": "a"}\n', {"content-type": "application/ndjson; charset=utf-8"}, ["a"]),
        ([], {}, []),
        (b"", {}, []),
        (b"", NDJSON, []),
        (gzip.compress(b'[{"book": "a"}]', mtime=0), {"content-encoding": "gzip"}, ["a"]),
    ],
)
async def test_each_element_or_line_is_a_message_with_what_the_path_says(client, taken, body, headers, books):
    assert (await client.request("POST", GATHER, body, headers)).status == 200
    assert [(request.shelf, request.book) for request in taken()] == [("s1", book) for book in books]


async def test_the_default_route_takes_a_stream_too(client, taken):
    assert (await client.request("POST", "/library.v1.Library/Gather", [{"book": "a"}])).status == 200
    assert [request.book for request in taken()] == ["a"]


async def test_query_and_body_field_bind_every_message(client, taken, upstream, message):
    upstream.echoes = True
    response = await client.request("POST", "/v1/converse?shelf=s", [{"name": "Ann"}, {"name": "Bob"}])
    assert response.status == 200
    assert [(request.shelf, request.author.name) for request in taken()] == [("s", "Ann"), ("s", "Bob")]


async def test_raw_bytes_come_in_pieces_each_with_name_and_type(client, taken):
    await client.request("POST", "/v1/parts/p1", (b"ab", b"", b"c"), {"content-type": "text/csv"})
    parts = [(part.name, part.file.content_type, part.file.data) for part in taken("library.v1.Upload")]
    assert parts == [("p1", "text/csv", b"ab"), ("p1", "text/csv", b"c")]


async def test_raw_bytes_that_are_none_still_say_their_name(client, taken):
    await client.request("POST", "/v1/parts/p1", b"")
    assert [(part.name, part.file.data) for part in taken("library.v1.Upload")] == [("p1", b"")]


@pytest.mark.parametrize(
    ("body", "headers", "field"),
    [
        ([{"book": "a"}, {"nope": 1}], {}, "[1].nope"),
        ([{"book": "a"}, {"shelf": "s2"}], {}, "[1].shelf"),
        (b'{"book": 1}', NDJSON, "[0].book"),
        ([{}, 5], {}, "[1]"),
        (b'[{"book": "a"}, {"book": }]', {}, "[1]"),
        (b'[{"book": "a", "book": "b"}]', {}, "[0].book"),
    ],
)
async def test_a_bad_message_is_named_by_its_index(client, body, headers, field):
    response = await client.request("POST", GATHER, body, headers)
    assert response.status == 400
    assert response.json["details"][1]["fieldViolations"][0]["field"] == field


@pytest.mark.parametrize("body", [{"book": "a"}, b"[", b'[{"book": "a"}', b'[{"book": "a"}] x', b"null"])
async def test_a_body_that_is_no_array_is_refused(client, body):
    response = await client.request("POST", GATHER, body)
    assert (response.status, response.json["details"][0]["reason"]) == (400, "MALFORMED_JSON")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (f"{GATHER}?nope=1", {}, 400),
        ("/v1/shelves/%FF/gather", {}, 400),
        (GATHER, {"content-type": "text/plain"}, 415),
        (GATHER, {"content-encoding": "br"}, 415),
        (GATHER, {"grpc-timeout": "soon"}, 400),
    ],
)
async def test_what_is_wrong_beside_the_body_is_refused_before_the_call(client, upstream, path, headers, status):
    assert (await client.request("POST", path, [], headers)).status == status
    assert upstream.calls == []


async def test_lines_are_for_streams_alone(client):
    assert (await client.request("POST", "/v1/shelves/s/books", b"{}", NDJSON)).status == 415


async def test_one_message_has_the_limit_of_a_body_and_the_stream_has_none(client, taken):
    large = b'{"book": "%s"}' % (b"b" * 3_000_000)
    assert (await client.request("POST", GATHER, (b"[" + large, b"," + large, b"]"))).status == 200
    assert len(taken()) == 2
    too_large = b'[{"book": "%s"}]' % (b"b" * 5_000_000)
    assert (await client.request("POST", GATHER, too_large)).status == 413


async def test_a_bad_message_midway_ends_the_answer_visibly(client, upstream):
    upstream.echoes = True
    response = await client.request(
        "POST", "/v1/converse", [{"name": "Ann"}, {"nope": 1}], {"accept": NDJSON["content-type"]}
    )
    lines = [json.loads(line) for line in response.body.splitlines()]
    assert (response.status, len(lines), lines[-1]["error"]["code"]) == (200, 2, 3)


async def test_the_handler_sets_the_pace(client, upstream):
    """What the reader of the answers does not take, the handler is not given, and the client is not asked for.

    The handler is one message ahead of the burst that is being written.
    """
    asked, sent = [], []
    is_full = asyncio.Event()

    async def receive():
        asked.append(1)
        return {"type": "http.request", "body": b'{"shelf": "s"}\n', "more_body": True}

    async def send(event):
        sent.append(event)
        if len(sent) > 3:
            is_full.set()
            await asyncio.Event().wait()  # a reader that takes no more

    upstream.echoes = True
    headers = [(b"content-type", b"application/x-ndjson"), (b"accept", b"application/x-ndjson")]
    scope = {"type": "http", "method": "POST", "path": "/library.v1.Library/Converse", "headers": headers}
    request = asyncio.create_task(client.app(scope, receive, send))
    await is_full.wait()
    for _ in range(100):
        await asyncio.sleep(0)
    written = b"".join(event.get("body", b"") for event in sent).count(b"\n")
    assert written > 1
    assert len(asked) == len(upstream.requests) == written + 1
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request


@pytest.mark.parametrize("path", ["/library.v1.Library/Gather", "/library.v1.Library/Converse"])
async def test_a_client_that_leaves_while_it_sends_ends_the_call(client, upstream, path):
    events = [
        {"type": "http.request", "body": b'{"book": "b"}\n', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive():
        return events.pop(0)

    async def send(event):
        raise AssertionError(event)

    scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"content-type", b"application/x-ndjson")]}
    await client.app(scope, receive, send)
    assert (len(upstream.requests), upstream.ended.is_set()) == (1, True)


async def test_a_client_that_leaves_after_its_last_message_ends_the_call(client, upstream):
    upstream.hold = asyncio.Event()
    request = asyncio.create_task(client.request("POST", GATHER, [{"book": "a"}]))
    await upstream.reached.wait()
    client.leave.set()
    await request
    assert upstream.ended.is_set()
