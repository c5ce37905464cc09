"""A compiled image of the protos here, an upstream that answers as told, and an ASGI client without a socket."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import google.api
import pytest
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from google.rpc.code_pb2 import Code
from grpc_tools import protoc

from gateway.app import Gateway
from gateway.image import Image
from gateway.options import GatewayOptions
from gateway.upstream import Request, UpstreamCall, UpstreamError

_PROTOS = Path(__file__).parent / "protos"
_CODEC_PROTOS = Path(__file__).parent / "codec_protos"
_NOON = 1_767_348_000.0  # 2026-01-02T10:00:00Z
_BUNDLED = Path(protoc.__file__).parent / "_proto"


def _compile(target: Path, *folders: Path, files: Iterable[str]) -> Image:
    googleapis = Path(next(iter(google.api.__path__))).parents[1]
    includes = [f"-I{folder}" for folder in (*folders, googleapis, _BUNDLED)]
    options = ["--include_imports", "--include_source_info", f"--descriptor_set_out={target}"]
    assert protoc.main(["protoc", *includes, *options, *files]) == 0
    return Image.read(target)


def _protos_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.proto"))


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return _compile(tmp_path_factory.mktemp("image") / "descriptors.binpb", _PROTOS, files=_protos_in(_PROTOS))


@pytest.fixture(scope="session")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """An image of proto2, proto3 and edition 2023."""
    files = (*_protos_in(_CODEC_PROTOS), "kinds.proto")
    return _compile(tmp_path_factory.mktemp("rich") / "descriptors.binpb", _CODEC_PROTOS, _PROTOS, files=files)


@pytest.fixture
def compile_proto(tmp_path: Path) -> Callable[[str], Image]:
    """Return a compiler of one more .proto file, given as text after its syntax line."""

    def compile_text(text: str) -> Image:
        for source in _PROTOS.glob("*.proto"):
            (tmp_path / source.name).write_text(source.read_text())
        (tmp_path / "more.proto").write_text(f'syntax = "proto3";\n{text}')
        return _compile(tmp_path / "descriptors.binpb", tmp_path, files=_protos_in(tmp_path))

    return compile_text


@pytest.fixture(scope="session")
def message(image: Image) -> Callable[..., Any]:
    """Return a maker of messages of the image: full name, then fields."""

    def make(kind: str, /, **fields: Any) -> Any:
        return GetMessageClass(image.pool.FindMessageTypeByName(kind))(**fields)

    return make


def _status(code: int, text: str, *details: Any) -> bytes:
    status = status_pb2.Status(code=code, message=text)
    for detail in details:
        status.details.add().Pack(detail)
    return status.SerializeToString()


@pytest.fixture(scope="session")
def failure() -> Callable[..., UpstreamError]:
    """Return a maker of the upstream's errors: code, message, details."""
    return lambda code, text="no", *details: UpstreamError(_status(code, text, *details))


@pytest.fixture(scope="session")
def not_found() -> UpstreamError:
    info = error_details_pb2.ErrorInfo(reason="NO_SUCH_BOOK", domain="library")
    return UpstreamError(_status(Code.NOT_FOUND, "there is no such book", info))


@dataclass
class FakeUpstream:
    """Answers every call with `reply`, or with the messages of `replies`; exceptions among them are raised.

    A client's stream is taken whole before the answer, or with `echoes` answered message by message.
    """

    reply: Any = None
    replies: list[Any] = field(default_factory=list)
    trailers: list[tuple[str, str]] = field(default_factory=list)
    initial: list[tuple[str, str]] = field(default_factory=list)
    calls: list[UpstreamCall] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    echoes: bool = False
    hold: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def unary(self, call: UpstreamCall, request: Request) -> bytes:
        self._take(call)
        try:
            async for _ in self._messages(request):
                pass
            await self._wait()
        finally:
            self.ended.set()
        return _bytes_of(self.reply)

    async def stream(self, call: UpstreamCall, request: Request) -> AsyncGenerator[bytes, None]:
        self._take(call)
        try:
            async for message in self._messages(request):
                if self.echoes:
                    yield message
            for reply in self.replies:
                yield _bytes_of(reply)
            await self._wait()
        finally:
            self.ended.set()

    async def _messages(self, request: Request) -> AsyncGenerator[bytes, None]:
        if isinstance(request, bytes):
            self.requests.append(request)
            return
        async for message in request:
            self.requests.append(message)
            yield message

    def _take(self, call: UpstreamCall) -> None:
        self.calls.append(call)
        call.trailers += self.trailers
        call.initial += self.initial
        self.reached.set()

    async def _wait(self) -> None:
        if self.hold is not None:
            await self.hold.wait()


def _bytes_of(reply: Any) -> bytes:
    if isinstance(reply, Exception):
        raise reply
    return b"" if reply is None else reply if isinstance(reply, bytes) else reply.SerializeToString()


@dataclass
class Response:
    status: int
    header_list: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.header_list}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Sends requests to an ASGI application; stays connected until `leave` is set."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.leave = asyncio.Event()

    async def request(
        self, method: str, target: str, body: Any = b"", headers: dict[str, str] | None = None
    ) -> Response:
        """Send one request; a body is bytes, a tuple of pieces, or a JSON value."""
        path, _, query = target.partition("?")
        chunks = body if isinstance(body, tuple) else (body if isinstance(body, bytes) else json.dumps(body).encode(),)
        events = [
            {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}
            for index, chunk in enumerate(chunks)
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if events:
                return events.pop(0)
            await self.leave.wait()
            return {"type": "http.disconnect"}

        async def send(event: dict[str, Any]) -> None:
            sent.append(event)

        scope = {
            "type": "http",
            "method": method,
            "raw_path": path.encode(),
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
            "client": ("127.0.0.1", 1234),
        }
        await self.app(scope, receive, send)
        if not sent:
            return Response(0, [], b"")
        data = b"".join(event["body"] for event in sent[1:])
        return Response(sent[0]["status"], sent[0]["headers"], data)

    async def get(self, target: str, **headers: str) -> Response:
        return await self.request(
            "GET", target, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )


@pytest.fixture
def upstream() -> FakeUpstream:
    return FakeUpstream()


@pytest.fixture
def options() -> GatewayOptions:
    return GatewayOptions(
        forward_headers=("x-tenant", "x-trace-*"), clock=lambda: _NOON, disconnect_watch_seconds=0.001
    )


@pytest.fixture
def client(image: Image, upstream: FakeUpstream, options: GatewayOptions) -> Client:
    return Client(Gateway(image, upstream, options))


@pytest.fixture
def client_of() -> type[Client]:
    """Return the client's class, for gateways with settings of their own."""
    return Client


@pytest.fixture
def sent(upstream: FakeUpstream, image: Image) -> Callable[[str], Any]:
    """Return a reader of the last request that reached the upstream, as a message of a type."""
    return lambda name: GetMessageClass(image.pool.FindMessageTypeByName(name)).FromString(upstream.requests[-1])
