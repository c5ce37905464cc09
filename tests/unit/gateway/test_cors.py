"""Which pages of other origins may call."""

from dataclasses import replace

import pytest

from gateway.app import Gateway

APP = "https://app.example"
PREFLIGHT = {"origin": APP, "access-control-request-method": "GET"}


@pytest.fixture
def gateway_for(image, upstream, options, client_of):
    """Return a maker of clients of a gateway that lets these origins call."""
    return lambda *origins: client_of(Gateway(image, upstream, replace(options, cors_origins=origins)))


async def test_without_origins_nothing_is_said(client):
    response = await client.request("OPTIONS", "/v1/author", headers=PREFLIGHT)
    assert response.status == 204
    assert not any(name.startswith("access-control-") or name == "vary" for name in response.headers)


@pytest.mark.parametrize("origin", [APP, "null", "https://other.example"])
async def test_a_star_lets_all_call(gateway_for, origin):
    response = await gateway_for("*").get("/v1/author", origin=origin)
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-expose-headers"] == "*"
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    ("origin", "may_call"),
    [
        (APP, True),
        ("https://other.example", True),
        ("https://app.example.evil.example", False),
        ("http://app.example", False),
        ("https://APP.example", False),
        ("https://app.example:8443", False),
        ("null", False),
        ("", False),
    ],
)
async def test_a_list_is_exact(gateway_for, origin, may_call):
    client = gateway_for(APP, "https://other.example")
    response = await client.get("/v1/author", origin=origin)
    assert response.status == 200
    assert response.headers["vary"] == "origin"
    assert response.headers.get("access-control-allow-origin") == (origin if may_call else None)


async def test_a_preflight_learns_methods_and_headers(gateway_for):
    asked = {**PREFLIGHT, "access-control-request-headers": "Authorization,x-tenant, x-trace-id, x-other,content-type"}
    response = await gateway_for(APP).request("OPTIONS", "/v1/author", headers=asked)
    assert response.status == 204
    assert response.headers["access-control-allow-origin"] == APP
    assert response.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert response.headers["access-control-allow-headers"] == "authorization, x-tenant, x-trace-id, content-type"
    assert response.headers["access-control-max-age"] == "600"


async def test_another_page_learns_nothing_by_its_preflight(gateway_for):
    response = await gateway_for("https://other.example").request("OPTIONS", "/v1/author", headers=PREFLIGHT)
    assert response.status == 204
    assert not any(name.startswith("access-control-") for name in response.headers)


async def test_an_options_that_is_no_preflight_says_what_is_allowed(gateway_for):
    response = await gateway_for("*").request("OPTIONS", "/v1/author", headers={"origin": APP})
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "access-control-allow-methods" not in response.headers


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/v1/pages/five", 400), ("/v1/stream", 200)])
async def test_pages_can_read_refusals_and_streams(gateway_for, path, status):
    response = await gateway_for(APP).get(path, origin=APP)
    assert (response.status, response.headers["access-control-allow-origin"]) == (status, APP)


async def test_two_origins_are_one_too_many(gateway_for):
    sent = []

    async def send(event):
        sent.append(event)

    headers = [(b"origin", APP.encode()), (b"origin", b"https://evil.example")]
    scope = {"type": "http", "method": "GET", "path": "/v1/author", "headers": headers}
    await gateway_for(APP).app(scope, None, send)
    assert sent[0]["status"] == 400
