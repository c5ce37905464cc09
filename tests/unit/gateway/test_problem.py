"""Problem details (RFC 9457) on request."""

import pytest
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code

PROBLEM = "application/problem+json"


async def test_a_refusal_says_the_same_as_problem_details(client):
    headers = {"accept": f"{PROBLEM}, application/json", "x-request-id": "r1"}
    response = await client.request("POST", "/api/v2/customers", {"customer": {"nope": 1}}, headers)
    assert (response.status, response.headers["content-type"]) == (400, PROBLEM)
    assert response.headers["content-length"] == str(len(response.body))
    assert response.json == {
        "type": "urn:problem-type:gateway:UNKNOWN_FIELD",
        "title": "Unknown field",
        "status": 400,
        "detail": "customer.nope: there is no such field",
        "instance": "urn:request:r1",
        "reason": "UNKNOWN_FIELD",
        "grpc_status": "INVALID_ARGUMENT",
        "errors": [{"field": "customer.nope", "detail": "there is no such field", "reason": "UNKNOWN_FIELD"}],
    }


async def test_an_upstreams_error_keeps_all_that_it_says(client, upstream, failure):
    blocked = error_details_pb2.PreconditionFailure()
    blocked.violations.add(type="QUOTA", subject="tokens", description="none are left")
    upstream.reply = failure(
        Code.RESOURCE_EXHAUSTED,
        "too much",
        error_details_pb2.ErrorInfo(reason="RATE_LIMITED", domain="shop/a", metadata={"limit": "5"}),
        error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=1, nanos=5)),
        blocked,
    )
    response = await client.get("/api/v2/customers/c", accept=PROBLEM)
    assert (response.status, response.headers["retry-after"]) == (429, "2")
    assert response.json["type"] == "urn:problem-type:shop%2Fa:RATE_LIMITED"
    assert {name: response.json[name] for name in ("reason", "grpc_status", "metadata", "retry_after", "details")} == {
        "reason": "RATE_LIMITED",
        "grpc_status": "RESOURCE_EXHAUSTED",
        "metadata": {"limit": "5"},
        "retry_after": 2,
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
                "violations": [{"type": "QUOTA", "subject": "tokens", "description": "none are left"}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("code", "status_and_title"),
    [
        (Code.NOT_FOUND, (404, "Not Found")),
        (Code.CANCELLED, (499, "Client Closed Request")),
        (77, (500, "Internal Server Error")),
    ],
)
async def test_an_error_without_a_reason_has_no_type_but_its_status(client, upstream, failure, code, status_and_title):
    upstream.reply = failure(code, "because")
    problem = (await client.get("/v1/author", accept=PROBLEM, x_request_id="r1")).json
    assert (problem["type"], (problem["status"], problem["title"])) == ("about:blank", status_and_title)
    assert problem.keys() == {"type", "title", "status", "detail", "instance", "reason", "grpc_status"}


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere", "/api/v2/nowhere"])
async def test_every_version_and_path_has_them(client, path):
    response = await client.get(path, accept=PROBLEM)
    assert (response.status, response.headers["content-type"]) == (404, PROBLEM)
    assert response.json["reason"] == "ROUTE_NOT_FOUND"


async def test_a_wrong_method_keeps_its_headers(client):
    response = await client.request("DELETE", "/v1/author", headers={"accept": PROBLEM})
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert response.json["title"] == "Method not allowed"


async def test_what_goes_well_is_as_ever(client, upstream, message):
    upstream.reply = message("library.v1.Reply", text="t")
    response = await client.get("/v1/shelves/s/books/b", accept=PROBLEM)
    assert (response.status, response.headers["content-type"], response.json) == (
        200,
        "application/json",
        {"text": "t"},
    )


async def test_an_answer_that_nobody_takes_is_a_problem_too(client):
    response = await client.get("/v1/author", accept=f"text/html, {PROBLEM}")
    assert (response.status, response.json["metadata"]) == (406, {"available": "application/json"})


async def test_a_stream_that_fails_at_once_is_a_problem_and_one_that_fails_midway_is_not(
    client, upstream, message, failure
):
    upstream.replies = [failure(Code.UNAVAILABLE)]
    early = await client.get("/v1/stream", accept=f"application/x-ndjson, {PROBLEM}")
    assert (early.status, early.headers["content-type"]) == (503, PROBLEM)
    upstream.replies = [message("library.v1.Reply", text="a"), failure(Code.UNAVAILABLE)]
    midway = await client.get("/v1/stream", accept=f"application/x-ndjson, {PROBLEM}")
    assert midway.body == b'{"text":"a"}\n{"error":{"code":14,"message":"no"}}\n'


async def test_an_id_of_the_clients_choice_stays_one_name(client, upstream, failure):
    upstream.reply = failure(5)
    upstream.trailers = [("x-request-id", "a b/ü")]
    assert (await client.get("/v1/author", accept=PROBLEM)).json["instance"] == "urn:request:a%20b%2F%C3%BC"
