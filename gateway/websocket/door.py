"""The way in for WebSockets: an upgrade request finds its route, or is answered as any other request would be."""

from collections.abc import Callable
from urllib.parse import quote

from google.rpc.code_pb2 import Code

from gateway.binding import Binding
from gateway.codec.json_text import dump
from gateway.envelope import Envelope, Facts
from gateway.errors import Headers, Refusal, problem_of_refusal
from gateway.exchange import JSON, Receive, Scope, Send, peer_of
from gateway.options import GatewayOptions
from gateway.percent import raw_text
from gateway.request_headers import HeaderRules, RequestHeaders
from gateway.routes import Match
from gateway.upstream import Upstream
from gateway.versions import Version
from gateway.websocket.connection import Connection
from gateway.websocket.frames import FrameReader
from gateway.websocket.session import Session, Upgrade

Find = Callable[[str], tuple[Match[Binding] | None, Version, Envelope]]
"""Returns the route of a GET on a raw path, its version and that version's envelope."""
Check = Callable[[int, RequestHeaders], None]
"""Refuses a URL (of so many bytes) that is too long, or headers that are too large or say two things."""


class WebSocketDoor:
    """An ASGI application for the scope `websocket`."""

    def __init__(
        self, upstream: Upstream, options: GatewayOptions, headers: HeaderRules, find: Find, check: Check
    ) -> None:
        self._upstream = upstream
        self._options = options
        self._headers = headers
        self._find = find
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket to its end."""
        raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
        query: bytes = scope.get("query_string", b"")
        headers = self._headers.read(scope["headers"])
        connection = Connection(scope, receive, send)
        match, version, envelope = self._find(raw_text(raw_path))
        try:
            self._check(len(raw_path) + len(query), headers)
            if version.deprecation is not None:
                version.deprecation.refuse_after(self._options.clock())
            routed, frames = _routed(match)
        except Refusal as refusal:
            problem = problem_of_refusal(refusal)
            body = dump(envelope.failure(problem, Facts(headers.request_id)))
            told = _headers_of(body, headers.request_id)
            await connection.deny(problem.http_status, [*told, *problem.headers, *version.headers], body)
            return
        upgrade = Upgrade(routed, frames, query, headers, envelope, peer_of(scope))
        await Session(upgrade, connection, self._upstream, self._options).run()


def upgrade_required() -> Refusal:
    """Return the answer to a plain request for a path that has a WebSocket (RFC 9110, 15.5.22)."""
    return Refusal(
        "this path takes a WebSocket",
        "UPGRADE_REQUIRED",
        code=Code.FAILED_PRECONDITION,
        http_status=426,
        headers=[(b"upgrade", b"websocket"), (b"connection", b"upgrade")],
    )


def _routed(match: Match[Binding] | None) -> tuple[Match[Binding], FrameReader]:
    if match is None or match.target.frames is None:
        raise Refusal("there is no WebSocket at this path", "ROUTE_NOT_FOUND", code=Code.NOT_FOUND)
    return match, match.target.frames


def _headers_of(body: bytes, request_id: str) -> Headers:
    told = [(b"content-type", JSON), (b"content-length", str(len(body)).encode())]
    return [*told, (b"x-request-id", request_id.encode())]
