"""What caches may do with an answer."""

import pytest
from google.protobuf import descriptor_pb2

from gateway.app import Gateway
from gateway.caching import PRIVATE, cache_headers
from gateway.options import GatewayOptions

_PUBLIC = """
package public.v1;
import "google/api/annotations.proto";
import "google/protobuf/struct.proto";
import "library.proto";
import "options.proto";
service Catalog {
  rpc Read(library.v1.Author) returns (library.v1.Reply) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (fluentpro.contract.v1.policy) = {access: ACCESS_PUBLIC};
    option (google.api.http) = {get: "/public" additional_bindings {post: "/public" body: "*"}};
  }
  rpc ReadForUsers(library.v1.Author) returns (library.v1.Reply) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (fluentpro.contract.v1.policy) = {access: ACCESS_AUTHENTICATED};
    option (google.api.http) = {get: "/users"};
  }
  rpc Count(library.v1.Author) returns (library.v1.Reply) {
    option (fluentpro.contract.v1.policy) = {access: ACCESS_PUBLIC};
    option (google.api.http) = {get: "/count"};
  }
  rpc Follow(library.v1.Author) returns (stream library.v1.Reply) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (fluentpro.contract.v1.policy) = {access: ACCESS_PUBLIC};
    option (google.api.http) = {get: "/stream"};
  }
}
"""


@pytest.fixture
def public(compile_proto, upstream, client_of):
    """Return a client of the service above."""
    return client_of(Gateway(compile_proto(_PUBLIC), upstream, GatewayOptions(cors_origins=("https://app.example",))))


def _all(response, name):
    return ", ".join(value.decode() for key, value in response.header_list if key.decode() == name)


async def test_nobody_keeps_an_answer_by_default(client):
    for method, path in (("GET", "/v1/author"), ("HEAD", "/v1/author"), ("POST", "/library.v1.Library/Read")):
        assert (await client.request(method, path, {})).headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/public", "public, no-cache"),
        ("HEAD", "/public", "public, no-cache"),
        ("POST", "/public", "private, no-store"),
        ("GET", "/users", "private, no-store"),
        ("GET", "/count", "private, no-store"),
        ("GET", "/stream", "private, no-store"),
    ],
)
async def test_a_read_that_anyone_may_call_is_kept_and_asked_for_again(public, method, path, expected):
    assert _all(await public.request(method, path, {}), "cache-control") == expected


def test_a_policy_that_does_not_say_who_may_call_lets_nobody_keep_anything(message):
    method = descriptor_pb2.MethodDescriptorProto()
    method.options.idempotency_level = descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
    for policy in (None, message("library.v1.Author")):
        assert cache_headers("GET", method, policy) == PRIVATE


async def test_what_is_kept_says_what_it_depends_on(public, upstream, message):
    upstream.reply = message("library.v1.Reply", text="t" * 5000)
    first = await public.get("/public")
    assert _all(first, "vary") == "accept, authorization, accept-encoding, origin"
    again = await public.get("/public", if_none_match=first.headers["etag"])
    assert again.status == 304
    assert (_all(again, "vary"), _all(again, "cache-control")) == (_all(first, "vary"), "public, no-cache")


async def test_a_stream_depends_on_accept(client):
    response = await client.get("/v1/stream")
    assert _all(response, "vary") == "accept, accept-encoding"
    assert response.headers["x-accel-buffering"] == "no"


async def test_the_end_of_a_resumed_stream_is_not_kept(client):
    response = await client.get("/api/v2/events", accept="text/event-stream", last_event_id="7")
    assert (response.status, response.headers["cache-control"]) == (204, "private, no-store")


@pytest.mark.parametrize("path", ["/nowhere", "/v1/author?nope=1"])
async def test_an_error_is_never_kept(client, path):
    response = await client.get(path)
    assert response.status >= 400
    assert (response.headers["cache-control"], response.headers["vary"]) == ("no-store", "accept")


async def test_a_handler_says_itself_what_may_be_kept(client, upstream, message):
    upstream.initial = [("cache-control", "max-age=60"), ("vary", "x-tenant")]
    upstream.replies = [message("library.v1.Reply", text="a")]
    for path in ("/v1/author", "/v1/stream"):
        response = await client.get(path)
        assert _all(response, "cache-control") == "max-age=60"
        assert "x-tenant" in _all(response, "vary")


async def test_what_a_handler_says_of_its_answer_is_not_said_of_an_error(client, upstream, failure):
    upstream.initial = [("cache-control", "max-age=60"), ("etag", '"7"'), ("x-reply", "a")]
    upstream.reply = failure(5)
    response = await client.get("/v1/author")
    assert _all(response, "cache-control") == "no-store"
    assert "etag" not in response.headers
    assert response.headers["x-reply"] == "a"
