"""What only HTTP can get wrong: bodies that are no JSON of the request, queries, headers."""

import json

import pytest
from api.contract import RPCS
from api.learner import PASSWORD

pytestmark = pytest.mark.usefixtures("nothing_written")

JSON = {"content-type": "application/json"}
SIGN_UP = "/api/v2/auth/signup"
GOOD = {"email": "a@example.com", "password": PASSWORD, "full_name": "Aylin", "accept_terms": True}


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        (json.dumps(GOOD | {"phone": "1"}), JSON, 400, "UNKNOWN_FIELD"),
        (json.dumps(GOOD | {"fullName": "Aylin"}), JSON, 400, "INVALID_VALUE"),
        (json.dumps(GOOD)[:-1] + ', "email": "b@example.com"}', JSON, 400, "MALFORMED_JSON"),
        (json.dumps(GOOD), {"content-type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("email=a@example.com", {"content-type": "application/x-www-form-urlencoded"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("", JSON, 400, "INVALID_REQUEST"),
        ("{", JSON, 400, "MALFORMED_JSON"),
        ("[]", JSON, 400, "INVALID_VALUE"),
        ("null", JSON, 400, "INVALID_VALUE"),
        (b'{"email": "\xff"}', JSON, 400, "MALFORMED_JSON"),
        ("[" * 5000, JSON, 400, "MALFORMED_JSON"),
        (json.dumps(GOOD | {"accept_terms": "true"}), JSON, 400, "INVALID_VALUE"),
        (json.dumps(GOOD | {"email": None}), JSON, 400, "INVALID_REQUEST"),
        (b" " * (5 << 20), JSON, 413, "BODY_TOO_LARGE"),
    ],
)
async def test_a_body_that_is_no_such_request_is_refused(http, body, headers, status, reason) -> None:
    refused = await http.raw("POST", SIGN_UP, content=body, headers=headers)
    assert (refused.http_status, refused.reason) == (status, reason)


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/api/v2/industries?pagesize=1", 400, "UNKNOWN_PARAMETER"),
        ("GET", "/api/v2/industries?page_size=many", 400, "INVALID_VALUE"),
        ("GET", "/api/v2/industries?page_size=1&page_size=2", 400, "INVALID_VALUE"),
        ("GET", "/api/v2/industries?page_token=%ff", 400, "BAD_ESCAPE"),
        ("GET", "/api/v2/industries?page_token=%zz", 400, "BAD_ESCAPE"),
        ("GET", "/api/v2/scenarios/%ff", 400, "BAD_ESCAPE"),
    ],
)
async def test_a_query_that_is_no_such_request_is_refused(http, method, path, status, reason) -> None:
    refused = await http.raw(method, path)
    assert (refused.http_status, refused.reason) == (status, reason)


async def test_a_body_without_a_length_is_bounded_too(http) -> None:
    async def endless():
        for _ in range(5):
            yield b" " * (1 << 20)

    refused = await http.raw("POST", SIGN_UP, content=endless(), headers=JSON)
    assert (refused.http_status, refused.reason) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("name", [name for name, rpc in RPCS.items() if rpc.text_fields and rpc.body])
async def test_half_a_surrogate_pair_is_refused_in_every_field_of_a_body(http, owner, requests, name) -> None:
    rpc = RPCS[name]
    prefix = "" if rpc.body == "*" else f"{rpc.body}."
    for field in rpc.text_fields:
        if field in rpc.path_fields or not field.startswith(prefix):
            continue
        parts = http.parts(name, requests[name], owner.token_for(name))
        body = json.loads(parts["content"]) | {field.removeprefix(prefix): "a\ud800b"}
        token = owner.token_for(name)
        refused = await http.raw(rpc.verb, parts["url"], token, content=json.dumps(body), headers=JSON)
        assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "INVALID_VALUE"), field


async def test_an_if_match_of_another_state_is_a_failed_precondition_by_http(http, owner) -> None:
    body = json.dumps({"full_name": "Somebody Else"})
    headers = JSON | {"if-match": '"0"'}
    refused = await http.raw("PATCH", "/api/v2/users/me", owner.token, content=body, headers=headers)
    assert (refused.http_status, refused.reason) == (412, "ETAG_MISMATCH")
