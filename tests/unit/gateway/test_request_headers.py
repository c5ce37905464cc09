"""Which headers go upstream, and what they say about time and identity."""

import pytest

from gateway.app import Gateway
from gateway.exchange import peer_of
from gateway.options import GatewayOptions
from gateway.request_headers import HeaderRules


async def _forwarded(client, upstream, **headers):
    await client.get("/v1/author", **headers)
    return upstream.calls[-1].headers


@pytest.mark.parametrize("name", ["authorization", "accept_language", "user_agent", "traceparent", "tracestate"])
async def test_the_usual_headers_go_upstream(client, upstream, name):
    assert (await _forwarded(client, upstream, **{name: "x"}))[name.replace("_", "-")] == "x"


async def test_configured_headers_go_upstream_by_name_or_prefix(client, upstream):
    sent = await _forwarded(client, upstream, x_tenant="t", x_trace_id="1", x_other="no", cookie="no")
    assert {"x-tenant": "t", "x-trace-id": "1"}.items() <= sent.items()
    assert not sent.keys() & {"x-other", "cookie"}


async def test_grpc_metadata_headers_become_what_they_name_if_that_is_configured(client, upstream):
    sent = await _forwarded(
        client, upstream, grpc_metadata_x_tenant="t", grpc_metadata_authorization="a", grpc_metadata_other="o"
    )
    assert sent["x-tenant"] == "t"
    assert not sent.keys() & {"authorization", "other", "grpc-metadata-x-tenant"}


async def test_nothing_of_grpc_or_the_connection_is_forwarded(image, upstream, client_of):
    client = client_of(Gateway(image, upstream, GatewayOptions(forward_headers=("*",))))
    headers = {"connection": "x", "te": "trailers", "host": "h", "grpc-encoding": "gzip", "content-type": "a/b"}
    await client.get("/v1/author", **{name.replace("-", "_"): text for name, text in headers.items()}, x_any="1")
    assert upstream.calls[-1].headers.keys() == {"x-any", "x-request-id"}
    await client.get("/v1/author", grpc_metadata_x_forwarded_for="1.2.3.4")
    assert "x-forwarded-for" not in upstream.calls[-1].headers


async def test_a_header_given_twice_is_joined():
    read = HeaderRules(("x-tenant",)).read([(b"x-tenant", b"a"), (b"x-tenant", b"b")])
    assert read.upstream["x-tenant"] == "a,b"


@pytest.mark.parametrize(
    ("headers", "ambiguous"),
    [
        ([(b"authorization", b"a"), (b"authorization", b"b")], b"authorization"),
        ([(b"content-type", b"a/b"), (b"x", b"1"), (b"content-type", b"a/b")], b"content-type"),
        ([(b"content-length", b"1"), (b"content-length", b"2")], b"content-length"),
        ([(b"content-length", b"1"), (b"transfer-encoding", b"chunked")], b"content-length"),
        ([(b"accept", b"a/b"), (b"accept", b"c/d")], b""),
        ([(b"transfer-encoding", b"chunked")], b""),
    ],
)
def test_headers_that_say_two_things_are_noticed(headers, ambiguous):
    assert HeaderRules(()).read(headers).ambiguous == ambiguous


def test_lists_are_joined():
    read = HeaderRules(()).read([(b"accept", b"text/html"), (b"accept", b"text/event-stream")])
    assert read.text(b"accept") == "text/html, text/event-stream"


async def test_an_ambiguous_request_makes_no_call(client, upstream):
    sent = []

    async def send(event):
        sent.append(event)

    headers = [(b"idempotency-key", b"a"), (b"idempotency-key", b"b")]
    await client.app({"type": "http", "method": "GET", "path": "/v1/author", "headers": headers}, None, send)
    assert (sent[0]["status"], upstream.calls) == (400, [])


def test_however_many_names_clients_think_of_few_are_remembered():
    rules = HeaderRules(("*",))
    for number in range(3000):
        rules.read([(b"x-%d" % number, b"1"), (b"x" * 100 + b"%d" % number, b"1")])
    assert len(rules._known) <= 1024
    assert max(map(len, rules._known)) <= 64


async def test_a_value_that_metadata_cannot_hold_stays_here(client, upstream):
    assert "x-tenant" not in await _forwarded(client, upstream, x_tenant="gr\xfc\xdfe")


async def test_a_valid_request_id_is_kept_and_comes_back(client, upstream):
    response = await client.get("/v1/author", x_request_id="abc-1.2_3")
    assert upstream.calls[-1].headers["x-request-id"] == "abc-1.2_3"
    assert response.headers["x-request-id"] == "abc-1.2_3"


@pytest.mark.parametrize("request_id", ["", "a b", "a\xfc", "x" * 129])
async def test_an_invalid_request_id_is_replaced(client, upstream, request_id):
    response = await client.get("/v1/author", x_request_id=request_id)
    minted = upstream.calls[-1].headers["x-request-id"]
    assert minted == response.headers["x-request-id"]
    assert len(minted) == 36


async def test_the_upstreams_request_id_wins(client, upstream):
    upstream.trailers = [("x-request-id", "from-upstream")]
    assert (await client.get("/v1/author", x_request_id="mine")).headers["x-request-id"] == "from-upstream"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"grpc_timeout": "200m"}, 0.2),
        ({"grpc_timeout": "2S"}, 2.0),
        ({"grpc_timeout": "5u"}, 5e-6),
        ({"grpc_timeout": "99999999H"}, 3600.0),
        ({"x_timeout": "1.5"}, 1.5),
        ({"x_timeout": "7200"}, 3600.0),
        ({"grpc_timeout": "1S", "x_timeout": "5"}, 1.0),
    ],
)
async def test_a_timeout_becomes_the_calls_within_the_cap(client, upstream, headers, seconds):
    await client.get("/v1/author", **headers)
    assert upstream.calls[-1].timeout == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    "headers",
    [{"grpc_timeout": text} for text in ("soon", "5", "S", "-5S", "123456789S", "")]
    + [{"x_timeout": text} for text in ("soon", "-1", "1e3", "nan", "", "9" * 20)],
)
async def test_a_bad_timeout_is_refused(client, upstream, headers):
    assert (await client.get("/v1/author", **headers)).status == 400
    assert upstream.calls == []


async def test_the_peer_is_written_as_grpc_does(client, upstream):
    await client.get("/v1/author")
    assert upstream.calls[-1].peer == "ipv4:127.0.0.1:1234"
    assert peer_of({"client": ("::1", 5)}) == "ipv6:%5B::1%5D:5"
    assert peer_of({"client": None}) == "unix:"
