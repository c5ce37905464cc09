"""Bodies: gzip, limits, and clients that leave."""

import asyncio
import gzip

import pytest

PATH = "/v1/shelves/s/books"


async def _post(client, body, **headers):
    return await client.request("POST", PATH, body, {name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", " GZIP "])
@pytest.mark.parametrize("cut", [3, 10_000])
async def test_a_gzip_body_is_taken(client, sent, coding, cut):
    packed = gzip.compress(b'{"book": "b"}')
    pieces = tuple(packed[at : at + cut] for at in range(0, len(packed), cut))
    assert (await _post(client, pieces, content_encoding=coding)).status == 200
    assert sent("library.v1.Request").book == "b"


async def test_an_identity_body_is_taken_as_it_is(client):
    assert (await _post(client, b"{}", content_encoding="identity")).status == 200


async def test_an_unknown_coding_is_told_what_is_known(client, upstream):
    response = await _post(client, b"{}", content_encoding="br")
    assert (response.status, response.headers["accept-encoding"]) == (415, "gzip")
    assert upstream.calls == []


async def test_a_body_that_is_not_what_it_says_is_refused(client):
    response = await _post(client, b"{}", content_encoding="gzip")
    assert (response.status, response.json["details"][0]["reason"]) == (400, "MALFORMED_BODY")


async def test_a_bomb_is_refused_at_the_limit(client, upstream):
    bomb = gzip.compress(b" " * 500_000_000, compresslevel=1)
    assert len(bomb) < 4 << 20
    response = await _post(client, bomb, content_encoding="gzip")
    assert (response.status, upstream.calls) == (413, [])


async def test_a_gzip_http_body_reaches_the_service_plain(client, sent):
    headers = {"content-type": "text/plain", "content-encoding": "gzip"}
    await client.request("POST", "/v1/blobs/b1", gzip.compress(b"hello"), headers)
    assert sent("library.v1.Upload").file.data == b"hello"


async def test_a_body_of_announced_length_is_complete_with_its_last_byte(client, sent):
    """Servers say only with a later, empty event that nothing follows."""
    body = b'{"book": "b"}'
    pieces = [{"type": "http.request", "body": part, "more_body": True} for part in (body[:5], body[5:])]
    answers = []

    async def receive():
        return pieces.pop(0) if pieces else await asyncio.Event().wait()

    async def send(event):
        answers.append(event)

    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "path": PATH, "headers": headers}
    async with asyncio.timeout(5):
        await client.app(scope, receive, send)
    assert (answers[0]["status"], sent("library.v1.Request").book) == (200, "b")
