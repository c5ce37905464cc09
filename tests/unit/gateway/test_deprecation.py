"""A version on its way out: what its answers say, the moment it ends, and versions that there are not."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from gateway.app import Gateway
from gateway.lifecycle import start_of

OLD = """
package shop.v0;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "options.proto";
option (fluentpro.contract.v1.api_version) = {
  %s
  envelope: %s
  base_path: "/api/v0"
};
message Ask { string text = 1; }
message Told { string text = 1; }
service Old {
  rpc Get(Ask) returns (Told) { option (google.api.http) = {get: "/api/v0/told"}; }
  rpc Raw(Ask) returns (google.api.HttpBody) { option (google.api.http) = {get: "/api/v0/raw"}; }
  rpc Watch(Ask) returns (stream Told) { option (google.api.http) = {get: "/api/v0/watch"}; }
  rpc Chat(stream Ask) returns (stream Told) { option (google.api.http) = {get: "/api/v0/chat"}; }
}
"""
LIFE = """
  lifecycle: LIFECYCLE_DEPRECATED
  deprecated_on: "2026-11-01"
  sunset_on: "2028-12-31"
  successor: "shop.v2"
  migration_guide: "https://example.com/v0 to v2"
  message: "Use shop.v2."
"""
SUNSET = start_of("2028-12-31")
SAID = {
    "version": "v0",
    "sunset_date": "2028-12-31",
    "migration_guide": "https://example.com/v0 to v2",
    "message": "Use shop.v2.",
}
HEADERS = {
    "deprecation": "@1793491200",  # date --utc --date 2026-11-01 +%s
    "sunset": "Sun, 31 Dec 2028 00:00:00 GMT",
    "link": '</api/v2>; rel="successor-version", <https://example.com/v0%20to%20v2>; rel="deprecation"',
}


META = {"ENVELOPE_DATA_META": "meta", "ENVELOPE_FLAT": "_meta"}


def says_its_end(response) -> bool:
    return HEADERS.items() <= response.headers.items()


@pytest.fixture
def now():
    """The time, in a list: tests turn the clock by its only element."""
    return [SUNSET - 0.001]


@pytest.fixture
def gateway_of(compile_proto, upstream, options, now):
    """Return a maker of gateways that serve shop.v0 with an envelope."""

    def made(envelope="ENVELOPE_DATA_META", life=LIFE, **chosen):
        chosen = replace(options, clock=lambda: now[0], **chosen)
        return Gateway(compile_proto(OLD % (life, envelope)), upstream, chosen)

    return made


@pytest.fixture
def old(gateway_of, client_of):
    return client_of(gateway_of())


@pytest.mark.parametrize("envelope", META)
async def test_every_answer_says_until_when(gateway_of, client_of, failure, upstream, envelope):
    client = client_of(gateway_of(envelope))
    good = await client.get("/api/v0/told")
    upstream.reply = failure(5)
    missing = await client.get("/api/v0/told")
    refused = await client.get("/api/v0/told?colour=red")
    nowhere = await client.get("/api/v0/nothing")
    assert [each.status for each in (good, missing, refused, nowhere)] == [200, 404, 400, 404]
    for response in (good, missing, refused, nowhere):
        assert response.json[META[envelope]]["deprecation"] == SAID
        assert says_its_end(response)


async def test_what_has_no_meta_says_it_by_headers_alone(old, gateway_of, client_of, upstream, message):
    upstream.reply = message("google.api.HttpBody", data=b"raw")
    upstream.replies = [message("library.v1.Reply", text="a")]
    raw, stream = await old.get("/api/v0/raw"), await old.get("/api/v0/watch")
    problem = await old.get("/api/v0/told?colour=red", accept="application/problem+json")
    assert (raw.body, stream.json) == (b"raw", [{"text": "a"}])
    upstream.reply = None
    bare = await client_of(gateway_of("ENVELOPE_UNSPECIFIED")).get("/api/v0/told")
    known = await old.get("/api/v0/told", if_none_match="*")
    assert (bare.json, known.status) == ({}, 304)
    assert all(says_its_end(response) for response in (raw, stream, problem, bare, known))


async def test_a_version_that_stays_says_nothing(old, upstream):
    response = await old.get("/api/v2/customers/1")
    assert response.status == 200
    assert "deprecation" not in response.json["meta"]
    assert not HEADERS.keys() & response.headers.keys()


async def test_what_the_contract_leaves_out_is_not_said(gateway_of, client_of):
    life = 'lifecycle: LIFECYCLE_DEPRECATED deprecated_on: "2026-11-01" successor: "elsewhere.v7"'
    response = await client_of(gateway_of(life=life)).get("/api/v0/told")
    assert response.json["meta"]["deprecation"] == {"version": "v0"}
    assert response.headers.keys() & HEADERS.keys() == {"deprecation"}


async def test_what_the_service_says_of_it_too_is_said_once(old, upstream):
    upstream.initial = [("deprecation", "@1"), ("sunset", "some day"), ("link", HEADERS["link"]), ("link", "</p2>")]
    response = await old.get("/api/v0/told")
    said = [header for header in response.header_list if header[0].decode() in HEADERS]
    assert sorted(said) == sorted([*((k.encode(), v.encode()) for k, v in HEADERS.items()), (b"link", b"</p2>")])


async def test_a_service_may_say_it_where_the_image_does_not(client, upstream):
    upstream.initial = [("deprecation", "@1")]
    response = await client.get("/v1/shelves/s/books/b")
    assert response.headers["deprecation"] == "@1"


@pytest.mark.parametrize("envelope", META)
async def test_it_works_on_the_last_millisecond_and_not_on_the_first_after(
    gateway_of, client_of, upstream, now, envelope
):
    client = client_of(gateway_of(envelope))
    assert (await client.get("/api/v0/told")).status == 200
    now[0] = float(SUNSET)
    response = await client.get("/api/v0/told")
    assert response.status == 410
    assert response.json["error"]["code"] == "API_VERSION_SUNSET"
    assert response.json["error"]["message"] == "v0 ended on 2028-12-31. Use shop.v2."
    assert response.json[META[envelope]]["deprecation"] == SAID
    assert says_its_end(response)
    assert len(upstream.calls) == 1


async def test_after_the_end_every_path_of_it_is_gone_and_a_page_may_still_ask(gateway_of, client_of, now):
    client = client_of(gateway_of(cors_origins=("https://app.example",)))
    now[0] = float(SUNSET)
    for target in ("/api/v0/told", "/api/v0/watch", "/api/v0/raw", "/api/v0/nothing", "/api/v0"):
        assert (await client.get(target)).status == 410
    assert (await client.request("POST", "/shop.v0.Old/Get")).status == 410
    ask = {"origin": "https://app.example", "access-control-request-method": "GET"}
    assert (await client.request("OPTIONS", "/api/v0/told", headers=ask)).status == 204
    assert (await client.get("/api/v2/customers/1")).status == 200


async def test_the_details_name_the_successor_for_machines(gateway_of, client_of, now):
    now[0] = float(SUNSET)
    status = (await client_of(gateway_of("ENVELOPE_UNSPECIFIED")).get("/api/v0/told")).json
    assert status["code"] == 12
    assert status["details"][0]["metadata"] == {
        "version": "v0",
        "sunset_date": "2028-12-31",
        "successor": "shop.v2",
        "migration_guide": "https://example.com/v0 to v2",
    }


async def test_a_version_whose_lifecycle_is_sunset_answers_on_no_day(gateway_of, client_of, now):
    client = client_of(gateway_of(life=LIFE.replace("DEPRECATED", "SUNSET")))
    now[0] = 0.0
    assert (await client.get("/api/v0/told")).status == 410


@pytest.mark.parametrize("path", ["/api/v9/customers", "/api/v9", "/api/v3beta1/x"])
async def test_a_version_that_there_is_not_is_told_those_there_are(old, now, path):
    response = await old.get(path)
    error = response.json["error"]
    assert (response.status, error["code"]) == (404, "UNSUPPORTED_API_VERSION")
    name = path.split("/")[2]
    assert error["message"] == f"there is no version {name}; there are: v2,v1,v0"
    assert not HEADERS.keys() & response.headers.keys()
    now[0] = float(SUNSET)
    assert (await old.get(path)).json["error"]["message"].endswith("there are: v2,v1")


@pytest.mark.parametrize("path", ["/api/vx/customers", "/api", "/v9/shelves", "/elsewhere/api/v9", "/api/v9x"])
async def test_other_paths_are_just_not_there(old, path):
    response = await old.get(path)
    assert (response.status, response.json["details"][0]["reason"]) == (404, "ROUTE_NOT_FOUND")


@pytest.mark.parametrize("path", ["/api/v2/nothing", "/api/v2"])
async def test_a_version_that_there_is_keeps_its_own_404(old, path):
    assert (await old.get(path)).json["error"]["code"] == "ROUTE_NOT_FOUND"


@dataclass
class Socket:
    """An ASGI server's end of a WebSocket whose client says nothing and leaves."""

    sent: list = field(default_factory=list)
    events: list = field(
        default_factory=lambda: [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}]
    )

    async def serve(self, app) -> dict:
        scope = {"type": "websocket", "path": "/api/v0/chat", "headers": [(b"authorization", b"Bearer t")]}
        scope["extensions"] = {"websocket.http.response": {}}
        async with asyncio.timeout(10):
            await app(scope, self._receive, self._send)
        return self.sent[0]

    async def _receive(self):
        return self.events.pop(0) if len(self.events) > 1 else self.events[0]

    async def _send(self, event):
        self.sent.append(event)


async def test_a_websocket_says_it_as_it_opens_and_is_refused_after_the_end(gateway_of, now):
    gateway = gateway_of()
    said = {(name.encode(), text.encode()) for name, text in HEADERS.items()}
    opened = await Socket().serve(gateway)
    assert opened["type"] == "websocket.accept"
    assert said <= set(opened["headers"])
    now[0] = float(SUNSET)
    denied = await Socket().serve(gateway)
    assert (denied["type"], denied["status"]) == ("websocket.http.response.start", 410)
    assert said <= set(denied["headers"])
