"""`/asyncapi.json`."""

import json

import pytest

from server.feed.document import asyncapi_document
from server.feed.serving import asyncapi_pages


async def _ask(method: str) -> tuple[int, dict[bytes, bytes], bytes]:
    sent = []

    async def send(message):
        sent.append(message)

    await asyncapi_pages()["/asyncapi.json"]({"method": method}, None, send)
    start, body = sent
    return start["status"], dict(start["headers"]), body["body"]


async def test_the_document_is_there_for_everybody():
    status, headers, body = await _ask("GET")
    assert (status, headers[b"content-type"]) == (200, b"application/json")
    assert json.loads(body) == asyncapi_document()


async def test_head_tells_the_length_alone():
    assert (await _ask("HEAD"))[1][b"content-length"] == str(len((await _ask("GET"))[2])).encode()
    assert (await _ask("HEAD"))[2] == b""


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_nobody_writes_it(method):
    assert (await _ask(method))[0] == 405
