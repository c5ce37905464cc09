"""One HTTP request and its answer, in ASGI's terms."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.accept import PROBLEM, wants_problem_details
from gateway.caching import ERROR
from gateway.codec.json_text import dump
from gateway.compression import Deflater, codings, compress, is_text, is_worth_it
from gateway.envelope import Envelope, Facts
from gateway.errors import Headers, Problem
from gateway.etags import is_known, packed
from gateway.problem import problem_details
from gateway.request_headers import RequestHeaders
from gateway.upstream import Metadata, UpstreamCall

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

JSON = b"application/json"
_NONE: Headers = []
_FIRST_ERROR = 400
_GZIP = (b"content-encoding", b"gzip")
_BY_ENCODING = (b"vary", b"accept-encoding")
# What frames the answer or belongs to gRPC is the gateway's own to say, whatever metadata comes with the call.
_OWN_HEADERS = frozenset(
    (
        *("connection", "keep-alive", "trailer", "transfer-encoding", "upgrade", "date", "server"),
        *("content-encoding", "content-length", "content-type", "x-request-id"),
    )
)

_OF_THE_END = frozenset((b"deprecation", b"sunset"))
# What the handler may say of its answer in the gateway's place; of an error nobody may.
_HANDLERS = frozenset((b"cache-control", b"etag"))


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
    standing: Headers = field(default_factory=list)
    """What every answer says, whatever it is: about the page that asks, and about the version's end."""
    body_ended: asyncio.Event | None = None
    """Set once the client has sent its stream of messages; None when the body is read before the call."""

    @property
    def facts(self) -> Facts:
        """What is known about the answer by now; the upstream's request id wins over the request's."""
        if self.call is None or not self.call.trailers:
            return Facts(self.headers.request_id)
        return Facts(self._request_id, ("idempotency-replayed", "true") in self.call.trailers)

    @property
    def _request_id(self) -> str:
        trailers = self.call.trailers if self.call is not None else ()
        for name, value in trailers:
            if name == "x-request-id":
                return value
        return self.headers.request_id

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers, with the request id and the call's initial metadata."""
        own = (b"x-request-id", self._request_id.encode("latin-1", "replace"))
        self.is_started = True
        sent = [*headers, own, *self.standing]
        if self.call is not None and self.call.initial:
            sent = _with_metadata(sent, self.call.initial, is_error=status >= _FIRST_ERROR)
        await self.send({"type": "http.response.start", "status": status, "headers": sent})

    async def respond(
        self, status: int, content_type: bytes, body: bytes, headers: Headers = _NONE, etag: str = ""
    ) -> None:
        """Send a whole answer: to a HEAD request without its body, and not again to who has it by its `etag`."""
        is_worth = is_worth_it(content_type, len(body))
        is_packed = self._packs(is_worth=is_worth)
        sent = [*headers, _BY_ENCODING] if is_worth or is_packed else [*headers]
        if etag:
            etag = packed(etag) if is_packed else etag
            sent.append((b"etag", etag.encode()))
            known = self.headers.all.get(b"if-none-match")
            if known is not None and is_known(known, self._etag_of_handler or etag):
                await self.empty(304, sent)
                return
        if is_packed:
            sent.append(_GZIP)
            body = compress(body)
        sent += ((b"content-type", content_type), (b"content-length", str(len(body)).encode()))
        await self.start(status, sent)
        await self.send({"type": "http.response.body", "body": b"" if self.is_head else body})

    async def open(self, content_type: bytes, headers: Headers) -> Deflater | None:
        """Start an answer that is to come in parts; return what compresses them, if they are to be compressed."""
        sent = [(b"content-type", content_type), *headers]
        is_worth = is_text(content_type)
        is_packed = self._packs(is_worth=is_worth)
        if is_worth or is_packed:
            sent.append(_BY_ENCODING)
        if is_packed:
            sent.append(_GZIP)
        await self.start(200, sent)
        return Deflater() if is_packed else None

    async def empty(self, status: int, headers: Headers) -> None:
        """Send an answer without a body."""
        await self.start(status, headers)
        await self.send({"type": "http.response.body", "body": b""})

    async def fail(self, problem: Problem) -> None:
        """Answer with an error: in the version's shape, or as the problem details that the client asks for."""
        if wants_problem_details(self.headers.all.get(b"accept", b"")):
            content_type, error = PROBLEM.encode(), problem_details(problem, self.facts, self.envelope.details)
        else:
            content_type, error = JSON, self.envelope.failure(problem, self.facts)
        await self.respond(problem.http_status, content_type, dump(error), [*problem.headers, *ERROR])

    @property
    def _etag_of_handler(self) -> str:
        """What the call's initial metadata says; it goes out in place of ours."""
        return dict(self.call.initial).get("etag", "") if self.call is not None else ""

    def _packs(self, *, is_worth: bool) -> bool:
        """Tell whether an answer goes out as gzip: when that makes it smaller, or the client takes it no other way."""
        header = self.headers.all.get(b"accept-encoding")
        if header is None:
            return False
        taken = codings(header)
        return taken.gzip and (is_worth or not taken.plain)


def peer_of(scope: Scope) -> str:
    """Return the client's address as gRPC writes it."""
    client = scope.get("client")
    if not client:
        return "unix:"
    host, port = client[0], client[1]
    return f"ipv6:%5B{host}%5D:{port}" if ":" in host else f"ipv4:{host}:{port}"


def _with_metadata(headers: Headers, metadata: Metadata, *, is_error: bool) -> Headers:
    """Return an answer's headers with a call's metadata, which may say some of them in the gateway's place.

    Of a version's end the gateway speaks by itself, where it knows of one: the service behind it says the same.
    """
    given = [(name.encode(), value.encode("latin-1", "replace")) for name, value in metadata if _is_open(name)]
    if any(name == b"deprecation" for name, _ in headers):
        given = [header for header in given if header[0] not in _OF_THE_END and header not in headers]
    if is_error:
        return headers + [header for header in given if header[0] not in _HANDLERS]
    said = _HANDLERS & {name for name, _ in given}
    return [header for header in headers if header[0] not in said] + given


def _is_open(name: str) -> bool:
    return name not in _OWN_HEADERS and not name.startswith(("grpc-", ":"))
