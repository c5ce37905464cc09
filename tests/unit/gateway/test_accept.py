"""What is served by `Accept`, and 406 for what is not."""

import pytest

from gateway.accept import JSON, media_type, wants_problem_details
from gateway.app import Gateway
from gateway.errors import Refusal
from gateway.options import GatewayOptions
from gateway.renderers import EVENT_STREAM, NDJSON, STREAM_TYPES

_UNARY = (JSON,)
_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
_JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        (",", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        (EVENT_STREAM, EVENT_STREAM),
        ("text/*", EVENT_STREAM),
        (f"{NDJSON};q=0.5, {EVENT_STREAM};q=0.9", EVENT_STREAM),
        (f"application/json, {EVENT_STREAM};q=0.5", JSON),
        (f"{EVENT_STREAM}, application/json", EVENT_STREAM),
        (f"{EVENT_STREAM}, */*", EVENT_STREAM),
        (f"*/*, {NDJSON}", NDJSON),
        (f"*/*;q=0.1, {NDJSON};q=0", JSON),
        ("application/json;q=0, application/*", NDJSON),
        (f"{JSON};q=0.2, {NDJSON};q=0.4, */*", EVENT_STREAM),
        ("Application/X-NDJSON; charset=utf-8", NDJSON),
        (f"application/problem+json, {EVENT_STREAM}", EVENT_STREAM),
        ("application/problem+json", JSON),
        (_BROWSER, JSON),
        (_JAVA, JSON),
        ("x/" + "y" * 300 + f", {NDJSON}", NDJSON),
    ],
)
def test_the_form_of_a_stream_is_chosen_by_weight_then_precision_then_place(accept, expected):
    assert media_type(accept.encode(), STREAM_TYPES) == expected


@pytest.mark.parametrize("accept", ["", "*/*", "application/*;q=0.1", "application/json", "application/problem+json"])
def test_an_answer_is_json_for_who_takes_that(accept):
    assert media_type(accept.encode(), _UNARY) == JSON


@pytest.mark.parametrize(
    "accept",
    [
        *("text/html", "text/*", EVENT_STREAM, NDJSON, "application/xml, text/csv;q=0.5", "application/json;q=0"),
        *("*/*;q=0", "application/json;q=0, */*", "*/*;q=x", "application/problem+json, text/html", "json", "é/ü"),
    ],
)
def test_who_takes_nothing_that_there_is_learns_what_there_is(accept):
    with pytest.raises(Refusal) as caught:
        media_type(accept.encode(), _UNARY)
    assert caught.value.http_status == 406
    assert str(caught.value) == "Accept takes nothing that there is: application/json"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("*/*", False),
        ("application/*", False),
        ("application/json", False),
        ("application/problem+json", True),
        ("application/json, application/problem+json", True),
        ("application/problem+json, */*", True),
        ("application/json, application/problem+json;q=0.9", False),
        ("application/json;q=0.5, application/problem+json;q=0.9", True),
        ("application/problem+json;q=0.5, */*", False),
        ("application/problem+json;q=0", False),
        ("Application/Problem+JSON; charset=utf-8", True),
        ("text/html, application/problem+json;q=0.1", True),
    ],
)
def test_problem_details_are_for_who_names_them_and_wants_json_no_more(accept, expected):
    assert wants_problem_details(accept.encode()) is expected


@pytest.mark.parametrize("path", ["/v1/author", "/v1/kinds"])
async def test_an_answer_that_nobody_takes_is_not_made(client, upstream, path):
    response = await client.get(path, accept="text/html")
    assert (response.status, response.headers["content-type"]) == (406, JSON)
    info, bad = response.json["details"]
    assert (info["reason"], info["metadata"]) == ("NOT_ACCEPTABLE", {"available": JSON})
    assert bad["fieldViolations"][0]["field"] == "accept"
    assert upstream.calls == []


async def test_a_write_whose_answer_nobody_takes_is_refused_before_its_body_is_read(client, upstream):
    response = await client.request("POST", "/api/v2/customers", b"{", {"accept": "text/csv"})
    assert (response.status, response.json["error"]["code"]) == (406, "NOT_ACCEPTABLE")
    assert upstream.calls == []


async def test_a_stream_that_nobody_takes_names_its_three_forms(client, upstream):
    response = await client.get("/api/v2/events", accept="text/html")
    assert response.status == 406
    info = next(detail for detail in response.json["error"]["details"] if "@type" in detail)
    assert info["metadata"] == {"available": "application/json, application/x-ndjson, text/event-stream"}
    assert upstream.calls == []


async def test_a_stream_comes_first_in_the_form_that_the_operator_chose(image, upstream, client_of, message):
    client = client_of(Gateway(image, upstream, GatewayOptions(stream_type=NDJSON)))
    upstream.replies = [message("library.v1.Reply", text="a")]
    for accept in ("", "*/*", "application/*", "application/problem+json"):
        assert (await client.get("/v1/stream", accept=accept)).headers["content-type"] == NDJSON
    assert (await client.get("/v1/stream", accept="text/*")).headers["content-type"] == EVENT_STREAM


async def test_the_type_of_an_http_body_is_never_refused(client, upstream, message):
    upstream.reply = message("google.api.HttpBody", content_type="image/png", data=b"x")
    assert (await client.get("/v1/blob", accept="text/html")).status == 200
    upstream.replies = [upstream.reply]
    assert (await client.get("/v1/blobs", accept="text/html")).status == 200


async def test_an_error_has_its_form_whatever_accept_says(client, upstream, failure):
    assert (await client.get("/nowhere", accept="text/html")).headers["content-type"] == JSON
    upstream.reply = failure(5)
    assert (await client.get("/v1/blob", accept="text/html")).status == 404
