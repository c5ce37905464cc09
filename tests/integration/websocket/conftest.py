"""The service of `talk.proto` behind a gateway that granian hosts, either way upstream, and clients for it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from integration.websocket.talk import Talk, compile_image, served, upstream_of
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gateway.app import Gateway
from gateway.image import Image
from gateway.options import GatewayOptions
from server.chain import Interceptor
from server.http_port import HttpPort
from server.interceptors.request_id import RequestIds
from server.websocket_port import WebSocketPort

ANONYMOUS = '{"authorization": ""}'


@dataclass
class Calls(Interceptor):
    """Remembers every call that began, and waits for those that end."""

    began: list[Any] = field(default_factory=list)
    ended: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)

    async def begin(self, call: Any) -> None:
        self.began.append(call)

    def end(self, call: Any) -> None:
        self.ended.put_nowait(call)


class Guest:
    """A client of one WebSocket that speaks JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, message: Any) -> None:
        await self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def hear(self) -> Any:
        async with asyncio.timeout(10):
            return json.loads(await self.socket.recv())

    async def end(self) -> None:
        """Say that there are no more messages."""
        await self.socket.send("")

    async def rest(self) -> tuple[list[Any], int, str]:
        """Return all further frames, and the code and reason of the end."""
        frames: list[Any] = []
        try:
            async with asyncio.timeout(10):
                while True:
                    frame = await self.socket.recv()
                    frames.append(json.loads(frame) if isinstance(frame, str) else frame)
        except ConnectionClosed:
            return frames, self.socket.close_code or 0, self.socket.close_reason or ""


Join = Callable[..., Awaitable[Guest]]


@pytest.fixture(scope="session")
def talk_image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return compile_image(tmp_path_factory.mktemp("talk"))


@pytest.fixture
def talk(talk_image: Image) -> Talk:
    return Talk(talk_image)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def options() -> GatewayOptions:
    return GatewayOptions()


@pytest.fixture(params=["HTTP port", "HTTP port, over gRPC", "WebSocket port"])
async def address(
    request: pytest.FixtureRequest, talk: Talk, talk_image: Image, calls: Calls, options: GatewayOptions
) -> AsyncIterator[str]:
    """HOST:PORT of the gateway."""
    port_class = WebSocketPort if request.param == "WebSocket port" else HttpPort
    over_grpc = request.param.endswith("gRPC")
    async with (
        upstream_of(talk, [RequestIds(), calls], over_grpc=over_grpc) as upstream,
        served(Gateway(talk_image, upstream, options), port_class=port_class) as address,
    ):
        yield address


@pytest.fixture
async def join(address: str) -> AsyncIterator[Join]:
    """Open a WebSocket: `await join("/v1/…")`; as nobody, unless `first` is another first frame or None."""
    async with AsyncExitStack() as stack:

        async def open_socket(path: str, first: Any = ANONYMOUS, **options: Any) -> Guest:
            socket = await stack.enter_async_context(connect(f"ws://{address}{path}", **options))
            guest = Guest(socket)
            if first is not None:
                await guest.say(first)
            return guest

        yield open_socket


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Awaitable[None]]:
    """Wait for a condition that nobody announces: `await until(lambda: …)`."""

    async def wait(is_so: Callable[[], Any]) -> None:
        async with asyncio.timeout(10):
            while not is_so():  # noqa: ASYNC110 - one that only a poll can see
                await asyncio.sleep(0.005)

    return wait
