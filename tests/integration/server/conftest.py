"""A small service behind both doors: its handlers are whatever the test says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from prometheus_client import CollectorRegistry

from adapters.settings import Listen
from fluentpro.v2 import conversation_service_pb2 as conversation_pb, user_service_pb2 as user_pb
from fluentpro.v2.conversation_service_pb2_grpc import (
    ConversationServiceServicer,
    add_ConversationServiceServicer_to_server,
)
from fluentpro.v2.user_service_pb2_grpc import UserServiceServicer, add_UserServiceServicer_to_server
from gateway.app import Gateway
from gateway.upstream import UpstreamCall, UpstreamError
from server.call import Context
from server.chain import Chain, DeadlineCaps, Interceptor
from server.dispatcher import Dispatcher
from server.grpc_health import GrpcHealth
from server.grpc_port import GrpcPort
from server.hosting import Host, HostOptions, Service
from server.image import our_image
from server.interceptors.request_id import RequestIds
from server.readiness import Readiness


class Servicer(UserServiceServicer, ConversationServiceServicer):
    """Two methods, one of each kind; all others are unwritten."""

    def __init__(self) -> None:
        self.get_me: Callable[..., Any] = _answer
        self.send_message: Callable[..., Any] = _stream

    async def GetMe(  # noqa: N802 - the contract's
        self, request: user_pb.GetMeRequest, context: Context
    ) -> user_pb.GetMeResponse:
        return await self.get_me(request, context)

    async def SendMessage(  # noqa: N802 - the contract's
        self, request: conversation_pb.SendMessageRequest, context: Context
    ) -> AsyncIterator[conversation_pb.SendMessageResponse]:
        async with aclosing(self.send_message(request, context)) as answers:
            async for answer in answers:
                yield answer

    def register(self, server: grpc.aio.Server) -> None:
        add_UserServiceServicer_to_server(self, server)
        add_ConversationServiceServicer_to_server(self, server)


async def _answer(_request: Any, _context: Context) -> user_pb.GetMeResponse:
    answer = user_pb.GetMeResponse()
    answer.user.full_name = "Aylin"
    return answer


async def _stream(_request: Any, _context: Context) -> AsyncIterator[conversation_pb.SendMessageResponse]:
    for text in ("a", "b"):
        yield delta(text)


def delta(text: str) -> conversation_pb.SendMessageResponse:
    answer = conversation_pb.SendMessageResponse()
    answer.event.delta.text = text
    return answer


@dataclass
class Outcome:
    """How a call ended, as a client sees it."""

    messages: list[bytes]
    status: Status
    trailers: dict[str, str]

    @property
    def code(self) -> int:
        return self.status.code

    @property
    def reason(self) -> str:
        return self.detail(ErrorInfo).reason

    def detail(self, kind: Any) -> Any:
        found = kind()
        for each in self.status.details:
            if each.Unpack(found):
                return found
        return kind()

    @property
    def fields(self) -> list[str]:
        return [violation.field for violation in self.detail(BadRequest).field_violations]


class GrpcDoor:
    """Calls over the port."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel

    async def unary(self, method: str, request: bytes = b"", seconds: float = 5, **headers: str) -> Outcome:
        call = self.channel.unary_unary(method)(request, metadata=_metadata(headers), timeout=seconds)
        try:
            return Outcome([await call], Status(), _texts(await call.trailing_metadata()))
        except grpc.aio.AioRpcError as error:
            return _failed([], error)

    async def stream(self, method: str, request: bytes = b"", seconds: float = 5, **headers: str) -> Outcome:
        call = self.channel.unary_stream(method)(request, metadata=_metadata(headers), timeout=seconds)
        messages: list[bytes] = []
        try:
            await _read(call, messages)
            return Outcome(messages, Status(), _texts(await call.trailing_metadata()))
        except grpc.aio.AioRpcError as error:
            return _failed(messages, error)

    async def leave(self, method: str, request: bytes = b"") -> None:
        """Read one message, then go."""
        call = self.channel.unary_stream(method)(request)
        await call.read()
        call.cancel()


class InProcessDoor:
    """Calls through the dispatcher."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.dispatcher = dispatcher

    async def unary(self, method: str, request: bytes = b"", seconds: float = 5, **headers: str) -> Outcome:
        call = UpstreamCall(method, dict(_metadata(headers)), "ipv4:127.0.0.1:1", seconds)
        try:
            return Outcome([await self.dispatcher.unary(call, request)], Status(), dict(call.trailers))
        except UpstreamError as error:
            return Outcome([], Status.FromString(error.status), dict(call.trailers))

    async def stream(self, method: str, request: bytes = b"", seconds: float = 5, **headers: str) -> Outcome:
        call = UpstreamCall(method, dict(_metadata(headers)), "ipv4:127.0.0.1:1", seconds)
        messages: list[bytes] = []
        try:
            async with aclosing(self.dispatcher.stream(call, request)) as answers:
                await _read(answers, messages)
            return Outcome(messages, Status(), dict(call.trailers))
        except UpstreamError as error:
            return Outcome(messages, Status.FromString(error.status), dict(call.trailers))

    async def leave(self, method: str, request: bytes = b"") -> None:
        """Read one message, then go."""
        stream = self.dispatcher.stream(UpstreamCall(method, {}, "", None), request)
        await anext(stream)
        await stream.aclose()


async def _read(answers: AsyncIterator[bytes], messages: list[bytes]) -> None:
    """Add the messages one by one, so that those before an error are there."""
    async for message in answers:
        messages.append(message)  # noqa: PERF401 - a comprehension would lose them


def _metadata(headers: dict[str, str]) -> list[tuple[str, str]]:
    return [(name.replace("_", "-"), value) for name, value in headers.items()]


def _texts(metadata: Any) -> dict[str, str]:
    return {key: value for key, value in metadata if isinstance(value, str)}


def _failed(messages: list[bytes], error: grpc.aio.AioRpcError) -> Outcome:
    trailers = error.trailing_metadata() or ()
    details = next((value for key, value in trailers if key == "grpc-status-details-bin"), None)
    status = Status.FromString(details) if details else Status(code=error.code().value[0], message=error.details())
    assert status.code == error.code().value[0]
    assert status.message == error.details()
    return Outcome(messages, status, _texts(trailers))


@dataclass
class Recorder(Interceptor):
    """Remembers the calls that began and ended."""

    began: list[str] = field(default_factory=list)
    ended: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)

    async def begin(self, call: Any) -> None:
        self.began.append(call.method)

    def end(self, call: Any) -> None:
        self.ended.put_nowait(call)


@pytest.fixture
def until():
    """Wait for a condition that nobody announces: `await until(lambda: …)`."""

    async def wait(is_so: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):
            while not is_so():  # noqa: ASYNC110 - another process's, or one that only a poll can see
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def servicer() -> Servicer:
    return Servicer()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def interceptors(recorder: Recorder) -> list[Interceptor]:
    return [RequestIds(), recorder]


@pytest.fixture
def chain(interceptors: list[Interceptor]) -> Chain:
    return Chain(interceptors, DeadlineCaps(unary=5, stream=10))


@pytest.fixture(params=["grpc", "in process"])
async def door(request: pytest.FixtureRequest, chain: Chain, servicer: Servicer):
    if request.param == "in process":
        dispatcher = Dispatcher(chain)
        servicer.register(dispatcher)  # type: ignore[arg-type] # registers as on a server
        yield InProcessDoor(dispatcher)
        return
    port = GrpcPort(chain, servicer.register, GrpcHealth(Readiness({}), []), is_shared=False)
    listen = await port.start(Listen("127.0.0.1", 0))
    async with grpc.aio.insecure_channel(str(listen)) as channel:
        yield GrpcDoor(channel)
    await port.stop(0)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def readiness() -> Readiness:
    return Readiness({})


@pytest.fixture
async def host(chain: Chain, servicer: Servicer, readiness: Readiness, registry: CollectorRegistry):
    """Both ports, open."""
    service = Service(
        chain, servicer.register, lambda dispatcher: Gateway(our_image(), dispatcher), readiness, registry
    )
    host = Host(service, HostOptions(Listen("127.0.0.1", 0), Listen("127.0.0.1", 0), reflection=True))
    await host.start()
    yield host
    await host.stop(0)
