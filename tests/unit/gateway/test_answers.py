"""What a client gets: the message, its envelope, the status, or the error."""

import logging

import pytest
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code

from gateway.upstream import UpstreamError

META = {"request_id": "r1", "timestamp": "2026-01-02T10:00:00.000Z"}


@pytest.fixture
def library(client, upstream, message):
    """Return a client whose upstream replies with a library.v1.Reply of these fields."""

    def replying(**fields):
        upstream.reply = message("library.v1.Reply", **fields)
        return client

    return replying


async def test_a_plain_answer_is_the_message_alone(client, upstream, message):
    upstream.reply = message("library.v1.Reply", text="t", count=5)
    response = await client.get("/v1/shelves/s/books/b")
    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-length"] == str(len(response.body))
    assert response.json == {"text": "t", "count": "5"}


@pytest.mark.parametrize(
    ("path", "fields", "expected"),
    [
        ("/v1/author", {"author": {"name": "Ann"}}, {"name": "Ann"}),
        ("/v1/author", {}, None),
        ("/v1/count", {"count": 5}, "5"),
        ("/v1/count", {}, "0"),
    ],
)
async def test_a_response_body_is_shown_alone(library, path, fields, expected):
    assert (await library(**fields).get(path)).json == expected


async def test_a_version_may_put_answers_into_data_and_meta(client, upstream, message):
    upstream.reply = message("shop.v2.CustomerResponse", customer={"id": "c1"})
    response = await client.request("POST", "/api/v2/customers", {}, {"x-request-id": "r1"})
    assert response.status == 201
    assert response.json == {"data": {"id": "c1", "full_name": ""}, "meta": {**META, "version": "v2"}}


async def test_meta_says_when_an_answer_is_a_repeated_one(client, upstream):
    upstream.trailers = [("idempotency-replayed", "true"), ("x-request-id", "r1")]
    response = await client.request("POST", "/api/v2/customers", {})
    assert response.json["meta"] == {**META, "version": "v2", "replayed": True}


async def test_a_version_may_be_flat(client, upstream, message):
    upstream.reply = message("shop.v1.ProfileResponse", profile={"user_name": "Ann"})
    for path in ("/api/v1/profile", "/api/v1/profile/"):
        response = await client.request("POST", path, {"user_name": "Ann", "more": 1}, {"x-request-id": "r1"})
        assert response.json == {"user_name": "Ann", "_meta": {**META, "version": "v1"}}


async def test_an_absent_flat_answer_has_its_meta(client):
    response = await client.request("POST", "/api/v1/profile", {}, {"x-request-id": "r1"})
    assert response.json == {"_meta": {**META, "version": "v1"}}


async def test_an_http_body_is_sent_as_it_is(client, upstream, message):
    upstream.reply = message("google.api.HttpBody", content_type="image/png", data=b"\x00\xff")
    response = await client.get("/v1/blob")
    assert (response.headers["content-type"], response.body) == ("image/png", b"\x00\xff")
    upstream.reply = message("google.api.HttpBody", data=b"raw")
    assert (await client.get("/v1/blob")).headers["content-type"] == "application/octet-stream"


async def test_an_http_body_within_a_response_has_no_envelope(client, upstream, message):
    upstream.reply = message("shop.v2.KeysResponse", body={"content_type": "application/jwk-set+json", "data": b"{}"})
    response = await client.get("/.well-known/keys.json")
    assert (response.headers["content-type"], response.body) == ("application/jwk-set+json", b"{}")


async def test_head_answers_as_get_without_the_body(client, upstream, message):
    upstream.reply = message("library.v1.Reply", text="t")
    got, head = await client.get("/v1/files/a"), await client.request("HEAD", "/v1/files/a")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


async def test_initial_metadata_becomes_headers(client, upstream):
    upstream.initial = [("x-reply", "a"), ("x-many", "1"), ("x-many", "2"), ("content-length", "9"), ("grpc-x", "b")]
    response = await client.get("/v1/author")
    assert (b"x-many", b"1") in response.header_list
    assert (b"x-many", b"2") in response.header_list
    assert response.headers["x-reply"] == "a"
    assert response.headers["content-length"] == str(len(response.body))
    assert "grpc-x" not in response.headers


@pytest.mark.parametrize("method", ["POST", "DELETE", "BREW"])
async def test_a_wrong_method_is_answered_with_the_right_ones(client, method):
    response = await client.request(method, "/v1/author")
    assert response.status == 405
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert response.json["code"] == Code.UNIMPLEMENTED


async def test_options_says_what_is_allowed(client):
    response = await client.request("OPTIONS", "/v1/shelves/s/books/b")
    assert (response.status, response.headers["allow"], response.body) == (204, "GET, HEAD, OPTIONS", b"")


async def test_a_stream_has_no_head(client):
    response = await client.request("HEAD", "/v1/stream")
    assert (response.status, response.headers["allow"], response.body) == (405, "GET, OPTIONS", b"")


async def test_another_method_on_a_default_route_is_refused(client):
    assert (await client.get("/library.v1.Library/Read")).headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    ("path", "shape"),
    [("/nowhere", {"code", "message", "details"}), ("/api/v2/x", {"error", "meta"}), ("/api/v1/x", {"error", "_meta"})],
)
async def test_an_unknown_path_is_not_found_in_its_versions_shape(client, path, shape):
    response = await client.get(path)
    assert response.status == 404
    assert response.json.keys() == shape


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.CANCELLED, 499),
        (Code.UNKNOWN, 500),
        (Code.INVALID_ARGUMENT, 400),
        (Code.DEADLINE_EXCEEDED, 504),
        (Code.NOT_FOUND, 404),
        (Code.ALREADY_EXISTS, 409),
        (Code.PERMISSION_DENIED, 403),
        (Code.UNAUTHENTICATED, 401),
        (Code.RESOURCE_EXHAUSTED, 429),
        (Code.FAILED_PRECONDITION, 400),
        (Code.ABORTED, 409),
        (Code.OUT_OF_RANGE, 400),
        (Code.UNIMPLEMENTED, 501),
        (Code.INTERNAL, 500),
        (Code.UNAVAILABLE, 503),
        (Code.DATA_LOSS, 500),
        (Code.OK, 500),
        (77, 500),
    ],
)
async def test_each_code_has_its_http_status(client, upstream, failure, code, status):
    upstream.reply = failure(code, "because")
    response = await client.get("/v1/author")
    assert response.status == status
    assert response.json == {"code": code, "message": "because"}


async def test_an_error_in_data_and_meta_shape(client, upstream, failure):
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field="customer.full_name", description="is too long", reason="TOO_LONG")
    upstream.reply = failure(
        Code.INVALID_ARGUMENT,
        "bad name",
        error_details_pb2.ErrorInfo(reason="VALIDATION", domain="shop"),
        bad,
        error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=1, nanos=5)),
    )
    response = await client.request("POST", "/api/v2/customers", {}, {"x-request-id": "r1"})
    assert response.headers["retry-after"] == "2"
    assert response.json == {
        "error": {
            "code": "VALIDATION",
            "status": "INVALID_ARGUMENT",
            "message": "bad name",
            "details": [
                {"field": "customer.full_name", "message": "is too long", "reason": "TOO_LONG"},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retry_delay": "1.000000005s"},
            ],
        },
        "meta": {**META, "version": "v2"},
    }


async def test_error_info_with_metadata_is_shown(client, upstream, failure):
    upstream.reply = failure(Code.NOT_FOUND, "no", error_details_pb2.ErrorInfo(reason="R", metadata={"a": "b"}))
    error = (await client.request("POST", "/api/v2/customers", {})).json["error"]
    assert error["details"][0]["metadata"] == {"a": "b"}


async def test_an_error_in_flat_shape(client, upstream, failure):
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field="user_name", description="is too long", reason="TOO_LONG")
    upstream.reply = failure(Code.INVALID_ARGUMENT, "bad name", bad)
    response = await client.request("POST", "/api/v1/profile", {}, {"x-request-id": "r1"})
    assert response.json == {
        "error": {
            "code": "INVALID_ARGUMENT",
            "message": "bad name",
            "details": [{"field": "user_name", "message": "is too long"}],
        },
        "_meta": {**META, "version": "v1"},
    }


async def test_a_refusal_of_the_gateways_own_has_the_same_shape(client):
    response = await client.request("POST", "/api/v2/customers", {"customer": {"nope": 1}})
    error = response.json["error"]
    assert (response.status, error["code"], error["status"]) == (400, "UNKNOWN_FIELD", "INVALID_ARGUMENT")
    assert error["details"] == [
        {"field": "customer.nope", "message": "there is no such field", "reason": "UNKNOWN_FIELD"}
    ]


async def test_a_detail_that_nobody_knows_keeps_its_bytes(client, upstream, failure, message):
    error = failure(Code.NOT_FOUND, "no", message("library.v1.Author", name="Ann"))
    upstream.reply = error
    assert (await client.get("/v1/author")).json["details"] == [
        {"@type": "type.googleapis.com/library.v1.Author", "name": "Ann"}
    ]
    error.status = error.status.replace(b"library.v1.Author", b"nowhere.v1.Author")
    assert (await client.get("/v1/author")).json["details"][0]["value"] == "CgNBbm4="


async def test_a_detail_without_a_json_form_does_not_lose_the_error(client, upstream, failure):
    broken = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=1, nanos=-1))
    upstream.reply = failure(Code.UNAVAILABLE, "wait", broken)
    response = await client.get("/v1/author")
    assert response.status == 503
    assert response.json["details"][0].keys() == {"@type", "value"}


async def test_unauthenticated_says_how_to_authenticate(client, upstream, failure):
    upstream.reply = failure(Code.UNAUTHENTICATED)
    assert (await client.get("/v1/author")).headers["www-authenticate"] == "Bearer"


async def test_a_lost_race_is_412_when_the_etag_came_by_if_match(client, upstream, failure):
    upstream.reply = failure(Code.ABORTED)
    assert (await client.request("POST", "/api/v2/customers", {}, {"if-match": '"e"'})).status == 412
    assert (await client.request("POST", "/api/v2/customers", {"etag": "e"})).status == 409
    assert (await client.request("POST", "/api/v1/profile", {}, {"if-match": '"e"'})).status == 409


async def test_an_unreadable_status_is_an_internal_error(client, upstream):
    upstream.reply = UpstreamError(b"\xff")
    assert (await client.get("/v1/author")).status == 500


@pytest.mark.parametrize("reply", [ValueError("secret"), b"\xff", {"seconds": 2**40}])
async def test_what_the_upstream_breaks_tells_no_secret(client, upstream, message, caplog, reply):
    upstream.reply = message("library.v1.Reply", read_at=reply) if isinstance(reply, dict) else reply
    with caplog.at_level(logging.CRITICAL):
        response = await client.get("/v1/shelves/s/books/b")
    assert response.status == 500
    assert b"secret" not in response.body


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/v1/files/" + "a" * 17000, {}, 414),
        ("/v1/files/a?book=" + "a" * 17000, {}, 414),
        ("/v1/files/a", {"x-big": "b" * 70000}, 431),
        ("/v1/files/" + "a" * 8000, {"x-big": "b" * 8000}, 200),
    ],
)
async def test_requests_have_limits(client, target, headers, status):
    assert (await client.request("GET", target, headers=headers)).status == status


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b"[]", {"content-length": "5000000"}), (b" " * 4194305, {}), ((b" " * 4194304, b" "), {})],
)
async def test_a_body_has_a_limit(client, body, headers):
    response = await client.request("POST", "/v1/shelves/s/books", body, headers)
    assert (response.status, response.json["code"]) == (413, 3)


async def test_a_path_that_the_server_has_decoded_already_is_taken_too(client, image, upstream):
    sent = []

    async def send(event):
        sent.append(event)

    scope = {"type": "http", "method": "GET", "path": "/v1/files/ä b", "headers": []}
    await client.app(scope, None, send)
    assert sent[0]["status"] == 200


async def test_other_scopes_are_not_answered(client):
    with pytest.raises(ValueError, match="lifespan"):
        await client.app({"type": "lifespan"}, None, None)
