"""One HTTP request and its answer, in ASGI's terms."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.codec.json_text import dump
from gateway.compression import Deflater, accepts_gzip, compress, is_text, is_worth_it
from gateway.envelope import Envelope, Facts
from gateway.errors import Headers, Problem
from gateway.request_headers import RequestHeaders
from gateway.upstream import UpstreamCall

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

JSON = b"application/json"
_GZIP = (b"content-encoding", b"gzip")
_BY_ENCODING = (b"vary", b"accept-encoding")
# What frames the answer or belongs to gRPC is the gateway's own to say, whatever metadata comes with the call.
_OWN_HEADERS = frozenset(
    (
        *("connection", "keep-alive", "trailer", "transfer-encoding", "upgrade", "date", "server"),
        *("content-encoding", "content-length", "content-type", "x-request-id"),
    )
)


class ClientGoneError(Exception):
    """The client closed the connection before it had its answer."""


@dataclass(slots=True)
class Exchange:
    """A request being answered. `call` is there once the request was good enough to make one."""

    receive: Receive
    send: Send
    headers: RequestHeaders
    envelope: Envelope
    is_head: bool = False
    call: UpstreamCall | None = None
    is_started: bool = False
    is_conditional: bool = False
    """Whether `If-Match` gave the call its etag."""
    cors: Headers = field(default_factory=list)
    """What every answer says about the page that asks."""
    body_ended: asyncio.Event | None = None
    """Set once the client has sent its stream of messages; None when the body is read before the call."""

    @property
    def facts(self) -> Facts:
        """What is known about the answer by now; the upstream's request id wins over the request's."""
        trailers = dict(self.call.trailers) if self.call is not None else {}
        request_id = trailers.get("x-request-id", self.headers.request_id)
        return Facts(request_id, trailers.get("idempotency-replayed") == "true")

    @property
    def _takes_gzip(self) -> bool:
        return accepts_gzip(self.headers.text(b"accept-encoding"))

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers, with the request id and the call's initial metadata."""
        initial = self.call.initial if self.call is not None else ()
        metadata = [(name.encode(), value.encode("latin-1", "replace")) for name, value in initial if _is_open(name)]
        own = (b"x-request-id", self.facts.request_id.encode("latin-1", "replace"))
        self.is_started = True
        sent = [*headers, own, *self.cors, *metadata]
        await self.send({"type": "http.response.start", "status": status, "headers": sent})

    async def respond(self, status: int, content_type: bytes, body: bytes, headers: Headers | None = None) -> None:
        """Send a whole answer; to a HEAD request without its body."""
        sent = [(b"content-type", content_type), *(headers or [])]
        if is_worth_it(content_type, len(body)):
            sent.append(_BY_ENCODING)
            if self._takes_gzip:
                sent.append(_GZIP)
                body = compress(body)
        await self.start(status, [*sent, (b"content-length", str(len(body)).encode())])
        await self.send({"type": "http.response.body", "body": b"" if self.is_head else body})

    async def open(self, content_type: bytes, headers: Headers) -> Deflater | None:
        """Start an answer that is to come in parts; return what compresses them, if they are to be compressed."""
        sent = [(b"content-type", content_type), *headers]
        if not is_text(content_type):
            await self.start(200, sent)
            return None
        sent.append(_BY_ENCODING)
        if self._takes_gzip:
            sent.append(_GZIP)
        await self.start(200, sent)
        return Deflater() if self._takes_gzip else None

    async def empty(self, status: int, headers: Headers) -> None:
        """Send an answer without a body."""
        await self.start(status, headers)
        await self.send({"type": "http.response.body", "body": b""})

    async def fail(self, problem: Problem) -> None:
        """Answer with an error in the version's shape."""
        body = dump(self.envelope.failure(problem, self.facts))
        await self.respond(problem.http_status, JSON, body, problem.headers)


def peer_of(scope: Scope) -> str:
    """Return the client's address as gRPC writes it."""
    client = scope.get("client")
    if not client:
        return "unix:"
    host, port = client[0], client[1]
    return f"ipv6:%5B{host}%5D:{port}" if ":" in host else f"ipv4:{host}:{port}"


def _is_open(name: str) -> bool:
    return name not in _OWN_HEADERS and not name.startswith(("grpc-", ":"))
