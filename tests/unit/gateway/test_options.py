"""What an operator may choose."""

import json
from dataclasses import replace

import pytest

from gateway.app import Gateway
from gateway.codec.names import JsonStyle


@pytest.fixture
def gateway_with(image, upstream, options, client_of):
    """Return a maker of clients of a gateway with these options."""
    return lambda **chosen: client_of(Gateway(image, upstream, replace(options, **chosen)))


async def test_plain_packages_may_be_written_as_in_the_proto(gateway_with, upstream, message):
    upstream.reply = message("library.v1.Reply", read_at={"seconds": 1})
    client = gateway_with(style=JsonStyle(proto_names=True, print_defaults=True))
    assert (await client.get("/v1/shelves/s/books/b")).json == {
        "text": "",
        "authors": [],
        "count": "0",
        "read_at": "1970-01-01T00:00:01Z",
    }


async def test_a_version_says_by_itself_how_it_is_written(gateway_with, upstream, message):
    upstream.reply = message("shop.v2.CustomerResponse", customer={"full_name": "Ann"})
    client = gateway_with(style=JsonStyle(proto_names=False, print_defaults=False))
    data = (await client.request("POST", "/api/v2/customers", {})).json["data"]
    assert data == {"id": "", "full_name": "Ann"}


@pytest.mark.parametrize(
    ("path", "body", "accepted"),
    [("/v1/shelves/s/books", {"nope": 1}, 200), ("/api/v2/customers", {"customer": {"nope": 1}}, 201)],
)
async def test_unknown_fields_may_be_passed_over_in_every_package(client, gateway_with, path, body, accepted):
    assert (await client.request("POST", path, body)).status == 400
    lenient = gateway_with(style=JsonStyle(ignore_unknown=True))
    assert (await lenient.request("POST", path, body)).status == accepted


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v1/stream?nope=1&shelf=s", 200),
        ("/v1/stream?author.nope=1", 200),
        ("/v1/stream?nope[a]=1", 200),
        ("/v1/stream?page_size=x", 400),
        ("/v1/stream?shelf=s&shelf=t", 400),
        ("/v1/pages/5?page=6", 400),
    ],
)
async def test_unknown_parameters_may_be_passed_over_and_nothing_else(gateway_with, target, status):
    assert (await gateway_with(ignore_unknown_query=True).get(target)).status == status


async def test_a_parameter_that_is_a_field_of_the_body_is_never_passed_over(gateway_with):
    client = gateway_with(ignore_unknown_query=True)
    assert (await client.request("POST", "/v1/shelves/s/books?utm_source=x", {})).status == 200
    assert (await client.request("POST", "/v1/shelves/s/books?book=x", {})).status == 400


@pytest.mark.parametrize(
    ("default", "accept", "expected"),
    [
        ("application/x-ndjson", "", "application/x-ndjson"),
        ("text/event-stream", "*/*", "text/event-stream"),
        ("text/event-stream", "application/json", "application/json"),
        ("application/x-ndjson", "text/event-stream", "text/event-stream"),
    ],
)
async def test_streams_have_a_form_by_default(gateway_with, upstream, default, accept, expected):
    upstream.replies = [b"\x0a\x01a"]
    response = await gateway_with(stream_type=default).get("/v1/stream", accept=accept)
    assert response.headers["content-type"] == expected
    assert json.loads(response.body.split(b"data: ")[-1].strip())


async def test_enums_may_be_written_as_numbers_and_read_in_any_case(gateway_with, upstream, message):
    upstream.reply = message("kinds.v1.Kinds", enum_one="COLOR_RED")
    client = gateway_with(style=JsonStyle(enums_as_numbers=True, case_insensitive_enums=True))
    response = await client.get("/v1/kinds?enum_one=color_red")
    assert (response.status, response.json) == (200, {"enumOne": 1})
    body = {"enum_one": "Color_Red"}
    assert (await client.request("POST", "/library.v1.Library/Inspect", body)).status == 200
    assert (await client.get("/v1/kinds?enum_one=color_none")).status == 400
