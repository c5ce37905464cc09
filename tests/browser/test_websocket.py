"""A browser's own WebSocket against the service of `talk.proto`, on either port."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from integration.websocket.talk import Talk, compile_image, served, upstream_of

from gateway.app import Gateway
from gateway.image import Image
from gateway.options import GatewayOptions
from server.asgi import AsgiApp
from server.http_port import HttpPort
from server.websocket_port import WebSocketPort

ANONYMOUS = '{"authorization": ""}'
CHAT = "/v1/rooms/kitchen/chat"
_TALK = """([url, said]) => new Promise(resolve => {
  const socket = new WebSocket(url), heard = [];
  socket.onopen = () => said.forEach(text => socket.send(text === "five megabytes" ? "x".repeat(5e6) : text));
  socket.onmessage = event => heard.push(JSON.parse(event.data));
  socket.onclose = ({code, reason}) => resolve({heard, code, reason});
})"""
_TAKE_TURNS = """url => new Promise(resolve => {
  const socket = new WebSocket(url), heard = [];
  socket.onopen = () => { socket.send('{"authorization": ""}'); socket.send('{"text": "1"}'); };
  socket.onmessage = event => {
    heard.push(JSON.parse(event.data).text);
    socket.send(heard.length < 3 ? JSON.stringify({text: String(heard.length + 1)}) : "");
  };
  socket.onclose = ({code, wasClean}) => resolve({heard, code, wasClean});
})"""


class _WithPage:
    """The gateway, and a blank page of the same origin."""

    def __init__(self, page: AsgiApp, gateway: AsgiApp) -> None:
        self._page = page
        self._gateway = gateway

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_page = scope["type"] == "http" and scope["path"] == "/"
        await (self._page if is_page else self._gateway)(scope, receive, send)


async def _blank(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<!DOCTYPE html><title>blank</title>"})


@pytest.fixture(scope="session")
def talk_image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return compile_image(tmp_path_factory.mktemp("talk"))


@pytest.fixture
async def gateway(talk_image: Image, friend: str) -> AsyncIterator[Gateway]:
    async with upstream_of(Talk(talk_image), [], over_grpc=False) as upstream:
        options = GatewayOptions(cors_origins=(friend,), websocket_authorization_seconds=0.2)
        yield Gateway(talk_image, upstream, options)


@pytest.fixture(params=[HttpPort, WebSocketPort])
async def address(request: pytest.FixtureRequest, gateway: Gateway) -> AsyncIterator[str]:
    """HOST:PORT of the gateway."""
    async with served(gateway, port_class=request.param) as address:
        yield address


async def test_a_page_and_a_handler_take_turns(open_page, friend, address):
    page = await open_page(friend)
    end = await page.run(_TAKE_TURNS, f"ws://{address}{CHAT}")
    assert (end["heard"], end["code"]) == (["1", "2", "3"], 1000)


async def test_the_websocket_port_waits_for_the_browser_to_close_too(open_page, friend, gateway):
    async with served(gateway, port_class=WebSocketPort) as address:
        page = await open_page(friend)
        assert (await page.run(_TAKE_TURNS, f"ws://{address}{CHAT}"))["wasClean"]


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        ([ANONYMOUS, ""], 1000, ""),
        ([], 4100, "AUTHORIZATION_TIMEOUT"),
        (["{}"], 4101, "AUTHORIZATION_EXPECTED"),
        ([ANONYMOUS, "hello"], 1007, "MALFORMED_JSON"),
        ([ANONYMOUS, "five megabytes"], 1009, "BODY_TOO_LARGE"),
        ([ANONYMOUS, '{"room": "cellar"}'], 4103, "CONFLICTING_VALUES"),
        ([ANONYMOUS, '{"text": 5}'], 4003, "INVALID_VALUE"),
        ([ANONYMOUS, *500 * ["{}"]], 4104, "TOO_MANY_MESSAGES"),
    ],
)
async def test_the_browser_hears_code_and_reason(open_page, friend, address, *, said, code, reason):
    page = await open_page(friend)
    end = await page.run(_TALK, [f"ws://{address}{CHAT}", said])
    assert (end["code"], end["reason"]) == (code, reason)
    if code != 1000:
        assert end["heard"][-1]["error"]["details"][0]["reason"] == reason


async def test_a_page_that_is_not_allowed_hears_that_it_is_foreign(open_page, stranger, address):
    page = await open_page(stranger)
    end = await page.run(_TALK, [f"ws://{address}{CHAT}", [ANONYMOUS]])
    assert (end["code"], end["reason"]) == (4102, "FOREIGN_ORIGIN")


async def test_a_page_of_our_own_origin_may_call(open_page, serve, gateway):
    origin = await serve(_WithPage(_blank, gateway))
    page = await open_page(origin)
    end = await page.run(_TALK, [f"{origin.replace('http', 'ws', 1)}{CHAT}", [ANONYMOUS, ""]])
    assert end["code"] == 1000


async def test_where_there_is_no_websocket_the_browser_opens_none(open_page, friend, address):
    page = await open_page(friend)
    end = await page.run(_TALK, [f"ws://{address}/v1/nowhere", []])
    assert (end["code"], end["heard"]) == (1006, [])
