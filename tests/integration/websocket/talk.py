"""A service to talk to over WebSockets, and what serves it; started by itself it is a server for any client.

python tests/integration/websocket/talk.py [HOST:PORT] [HttpPort | WebSocketPort]
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import google.api
import grpc
import uvloop
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc

from adapters.settings import Listen
from gateway.app import Gateway
from gateway.image import Image
from gateway.options import GatewayOptions
from gateway.upstream import GrpcUpstream, Upstream
from server.asgi import AsgiApp
from server.chain import Chain, DeadlineCaps, Interceptor
from server.collector import settle
from server.dispatcher import Dispatcher
from server.grpc_health import GrpcHealth
from server.grpc_port import GrpcPort
from server.http_app import HttpApp
from server.http_port import HttpPort
from server.readiness import Readiness
from server.websocket_port import WebSocketPort

ANY_PORT = Listen("127.0.0.1", 0)
SERVICE = "talk.v1.Talk"
_BUNDLED = Path(protoc.__file__).parent / "_proto"


def compile_image(folder: Path) -> Image:
    """Return the image of `talk.proto`, built in `folder`."""
    target = folder / "talk.binpb"
    googleapis = Path(next(iter(google.api.__path__))).parents[1]
    includes = [f"-I{path}" for path in (Path(__file__).parent, googleapis, _BUNDLED)]
    assert protoc.main(["protoc", *includes, "--include_imports", f"--descriptor_set_out={target}", "talk.proto"]) == 0
    return Image.read(target)


class Talk:
    """The handlers; a test may put others in their place."""

    def __init__(self, image: Image) -> None:
        self.Line: Any = GetMessageClass(image.pool.FindMessageTypeByName("talk.v1.Line"))
        self._body: Any = GetMessageClass(image.pool.FindMessageTypeByName("google.api.HttpBody"))
        self.chat: Callable[..., Any] = self._echo
        self.gather: Callable[..., Any] = self._together
        self.calls = 0
        """How many there are at this moment."""

    def register(self, server: Any) -> None:
        """Add the service to a gRPC server or a dispatcher."""
        line, body = self.Line, self._body
        handlers = {
            "Chat": grpc.stream_stream_rpc_method_handler(self._chat, line.FromString, line.SerializeToString),
            "Gather": grpc.stream_unary_rpc_method_handler(self._gather, line.FromString, line.SerializeToString),
            "Pour": grpc.stream_stream_rpc_method_handler(self._echo, body.FromString, body.SerializeToString),
        }
        server.add_registered_method_handlers(SERVICE, handlers)  # for the dispatcher
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))  # for a server

    async def _chat(self, lines: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        self.calls += 1
        try:
            async for line in self.chat(lines, context):
                yield line
        finally:
            self.calls -= 1

    async def _gather(self, lines: AsyncIterator[Any], context: Any) -> Any:
        return await self.gather(lines, context)

    async def _echo(self, messages: AsyncIterator[Any], _context: Any) -> AsyncIterator[Any]:
        async for message in messages:
            yield message

    async def _together(self, lines: AsyncIterator[Any], _context: Any) -> Any:
        texts = [line.text async for line in lines]
        return self.Line(text=" ".join(texts), count=len(texts))


@asynccontextmanager
async def upstream_of(talk: Talk, interceptors: list[Interceptor], *, over_grpc: bool) -> AsyncIterator[Upstream]:
    """Open a way to the service: within this process, or over a gRPC port."""
    chain = Chain(interceptors, DeadlineCaps(unary=60, stream=60))
    if not over_grpc:
        dispatcher = Dispatcher(chain)
        talk.register(dispatcher)
        yield dispatcher
        return
    port = GrpcPort(chain, talk.register, GrpcHealth(Readiness({}), []), is_shared=False)
    listen = await port.start(ANY_PORT)
    async with grpc.aio.insecure_channel(str(listen)) as channel:
        yield GrpcUpstream(channel)
    await port.stop(0)


@asynccontextmanager
async def served(
    app: AsgiApp, listen: Listen = ANY_PORT, port_class: type[HttpPort | WebSocketPort] = HttpPort
) -> AsyncIterator[str]:
    """Serve an application; gives HOST:PORT."""
    port = port_class(HttpApp({}, app), is_shared=False)
    actual = await port.start(listen)
    try:
        yield str(actual)
    finally:
        await port.stop(1)


async def _main(listen: Listen, port_class: type[HttpPort | WebSocketPort]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        image = compile_image(Path(folder))
    async with upstream_of(Talk(image), [], over_grpc=False) as upstream:
        gateway = Gateway(image, upstream, GatewayOptions())
        async with served(gateway, listen, port_class) as address:
            settle()
            print(f"serving on {address}", flush=True)  # for who started it
            await asyncio.Event().wait()


if __name__ == "__main__":
    address, name = [*sys.argv[1:], *(str(ANY_PORT), HttpPort.__name__)[len(sys.argv) - 1 :]]
    uvloop.run(_main(Listen.parse(address), WebSocketPort if name == WebSocketPort.__name__ else HttpPort))
