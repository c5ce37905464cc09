"""A port for WebSockets alone: an ASGI application's, with little memory for each, and with pings.

granian serves WebSockets too, on the HTTP port, but each costs 150 KB there for a buffer of 128 KiB that nothing makes
smaller, it cannot ping, and its stop cuts them without a word.
"""

import asyncio
import logging
from contextlib import nullcontext
from typing import Any
from urllib.parse import unquote

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from adapters.settings import Listen
from server.asgi import AsgiApp, Scope
from server.open_websockets import OpenWebSockets
from server.ports import reserved
from server.websocket_connection import Patience, WebSocketConnection

_logger = logging.getLogger(__name__)

_INTERNAL_ERROR = 1011
_DENIAL = "websocket.http.response"


class WebSocketPort:
    """Serves the scope `websocket` of an ASGI application on a port that it may share with other processes of ours."""

    def __init__(self, app: AsgiApp, *, is_shared: bool, patience: Patience = Patience()) -> None:  # noqa: B008  # frozen
        self._sockets = OpenWebSockets(app)
        self._is_shared = is_shared
        self._patience = patience
        self._connections: set[WebSocketConnection] = set()
        self._serving: set[asyncio.Task[None]] = set()  # the loop itself holds no task
        self._server: asyncio.Server | None = None
        self._pinging: asyncio.TimerHandle | None = None

    async def start(self, listen: Listen) -> Listen:
        """Serve on `listen` and return it with the port it got. Raises PortTaken or CannotListen."""
        loop = asyncio.get_running_loop()
        with nullcontext(listen) if self._is_shared else reserved(listen) as actual:
            self._server = await loop.create_server(self._connection, actual.host, actual.port, reuse_port=True)
        self._pinging = loop.call_later(self._patience.silent, self._ping)
        return Listen(listen.host, self._server.sockets[0].getsockname()[1])

    async def stop(self, grace: float) -> None:
        """Take no more, and end those that are open, those that take longer than `grace` seconds too."""
        if self._server is None or self._pinging is None:
            return
        self._server.close()
        self._pinging.cancel()
        await self._sockets.end(grace)
        for connection in list(self._connections):
            connection.transport.abort()

    def _connection(self) -> WebSocketConnection:
        return WebSocketConnection(self._opened, self._connections, self._patience)

    def _opened(self, connection: WebSocketConnection, request: Request, response: Response) -> None:
        socket = _AsgiSocket(connection, response)
        serving = asyncio.get_running_loop().create_task(self._serve(socket, _scope(connection, request)))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _serve(self, socket: "_AsgiSocket", scope: Scope) -> None:
        try:
            await self._sockets(scope, socket.receive, socket.send)
        except Exception:
            _logger.exception("an application failed over %s", scope["path"])
        socket.end()

    def _ping(self) -> None:
        for connection in list(self._connections):
            connection.ping()
        self._pinging = asyncio.get_running_loop().call_later(self._patience.silent, self._ping)


class _AsgiSocket:
    """A connection in ASGI's terms. `response` is what accepts it."""

    __slots__ = ("_connection", "_denial", "_is_asked", "_response")

    def __init__(self, connection: WebSocketConnection, response: Response) -> None:
        self._connection = connection
        self._response: Response | None = response
        self._denial: Response | None = None
        self._is_asked = False

    async def receive(self) -> dict[str, Any]:
        """Return the next event."""
        if not self._is_asked:
            self._is_asked = True
            return {"type": "websocket.connect"}
        message = await self._connection.message()
        if message is None:
            return {"type": "websocket.disconnect", "code": self._connection.close_code}
        return {"type": "websocket.receive", "text" if isinstance(message, str) else "bytes": message}

    async def send(self, event: dict[str, Any]) -> None:
        """Take an event. Raises ConnectionResetError when the client has left."""
        kind = event["type"]
        if kind == "websocket.send":
            text = event.get("text")
            data = event["bytes"] if text is None else text.encode()
            await self._connection.send(data, is_text=text is not None)
        elif kind == "websocket.accept":
            self._accept(event.get("headers") or [])
        elif kind == "websocket.close" and self._response is None:
            self._connection.close(event.get("code") or 1000, event.get("reason") or "")
        elif kind == "websocket.close":
            self._answer(Response(403, "Forbidden", Headers({"content-length": "0"})))
        elif kind == f"{_DENIAL}.start":
            self._denial = Response(event["status"], "", _headers(event["headers"]))
        elif kind == f"{_DENIAL}.body" and self._denial is not None:
            self._denial.body = event["body"]
            self._answer(self._denial)

    def end(self) -> None:
        """Close what the application has left open."""
        if self._response is not None:
            self._answer(Response(500, "Internal Server Error", Headers({"content-length": "0"})))
        self._connection.close(_INTERNAL_ERROR, "")

    def _accept(self, headers: list[tuple[bytes, bytes]]) -> None:
        if self._response is not None:
            self._response.headers.update(_headers(headers))
            self._answer(self._response)

    def _answer(self, response: Response) -> None:
        self._response = None
        self._connection.respond(response)


def _headers(headers: list[tuple[bytes, bytes]]) -> Headers:
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])


def _scope(connection: WebSocketConnection, request: Request) -> Scope:
    raw_path, _, query = request.path.partition("?")
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.raw_items()]
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": headers,
        "client": connection.transport.get_extra_info("peername"),
        "server": connection.transport.get_extra_info("sockname"),
        "subprotocols": [],
        "extensions": {_DENIAL: {}},
    }
