"""The pages that give the documents."""

import gzip
import json
from dataclasses import dataclass
from typing import Any

import pytest
from openapi_spec_validator import validate

from gateway.binding import compile_routes
from gateway.image import Image
from gateway.openapi.documents import Documents
from gateway.openapi.pages import openapi_pages


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def pages(hotel: Image) -> dict[str, Any]:
    return openapi_pages(Documents(hotel, compile_routes(hotel)))


@pytest.fixture
def ask(pages: dict[str, Any]):
    """Return what sends a request to a page."""

    async def request(path: str, method: str = "GET", **headers: str) -> Answer:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(event: dict[str, Any]) -> None:
            sent.append(event)

        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        await pages[path]({"type": "http", "method": method, "path": path, "headers": raw}, receive, send)
        start, body = sent
        return Answer(start["status"], {key.decode(): value.decode() for key, value in start["headers"]}, body["body"])

    return request


def test_there_is_a_page_for_each_version_and_one_for_the_newest(pages: dict[str, Any]) -> None:
    assert set(pages) == {"/openapi.json", "/openapi/v2.json", "/openapi/v1.json"}


async def test_a_page_gives_the_document(ask) -> None:
    answer = await ask("/openapi/v1.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["content-length"] == str(len(answer.body))
    validate(json.loads(answer.body))
    assert list(json.loads(answer.body)["paths"]) == ["/api/v1/beds"]


async def test_the_newest_version_is_at_the_short_path(ask) -> None:
    assert (await ask("/openapi.json")).body == (await ask("/openapi/v2.json")).body


async def test_who_takes_gzip_gets_gzip_under_another_etag(ask) -> None:
    plain, packed = await ask("/openapi.json"), await ask("/openapi.json", accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert plain.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_who_has_the_document_is_told_so(encoding: str, ask) -> None:
    first = await ask("/openapi.json", accept_encoding=encoding)
    again = await ask("/openapi.json", accept_encoding=encoding, if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "content-length" not in again.headers


async def test_who_has_another_document_gets_this_one(ask) -> None:
    assert (await ask("/openapi.json", if_none_match='"other"')).status == 200


async def test_a_head_has_the_headers_alone(ask) -> None:
    got, head = await ask("/openapi.json"), await ask("/openapi.json", "HEAD")
    assert head.body == b""
    assert head.headers == got.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_document_cannot_be_changed(method: str, ask) -> None:
    answer = await ask("/openapi.json", method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_options_says_what_there_is(ask) -> None:
    answer = await ask("/openapi.json", "OPTIONS")
    assert (answer.status, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


def test_an_image_without_versions_has_the_short_path_alone(compile_files, tmp_path) -> None:
    (tmp_path / "plain.proto").write_text('syntax = "proto3"; package plain.v1; message M {}')
    image = compile_files(tmp_path, "plain.proto")
    assert set(openapi_pages(Documents(image, compile_routes(image)))) == {"/openapi.json"}
