"""The HTTP server of one process: granian, in the loop that grpc.aio runs in."""

import asyncio
from contextlib import nullcontext, suppress

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from adapters.settings import Listen
from server.asgi import AsgiApp
from server.open_websockets import OpenWebSockets
from server.ports import CannotListen, reserved

# How long a start may take, and how often it is looked whether the port answers, in seconds.
_START_SECONDS = 10.0
_POLL_SECONDS = 0.005

_BACKLOG = 1024
"""Connections that may wait to be accepted: granian's own default for a server that is not embedded."""
_CONNECTIONS = 10_000
"""Connections that a process holds, live streams and idle ones. Embedded, granian takes 128 and has further ones
wait without a word; how many replies go on at once is bounded where they are made."""

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to find a server that listens everywhere


class HttpPort:
    """Serves an ASGI application on a port that it may share with other processes of ours."""

    def __init__(self, app: AsgiApp, *, is_shared: bool) -> None:
        self._sockets = OpenWebSockets(app)
        self._is_shared = is_shared
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self, listen: Listen) -> Listen:
        """Serve on `listen` and return it with the port it got. Raises PortTaken or CannotListen."""
        with nullcontext(listen) if self._is_shared else reserved(listen) as actual:
            self._server = Server(
                self._sockets,
                address=actual.host,
                port=actual.port,
                interface=Interfaces.ASGI,
                http=HTTPModes.http1,  # to tell HTTP/2 from it costs 10 KB a connection, and without TLS few speak it
                log_enabled=False,
                backlog=_BACKLOG,
                backpressure=_CONNECTIONS,
            )
            self._serving = asyncio.create_task(self._server.serve())
            await _until_it_answers(actual, self._serving)
            return Listen(listen.host, actual.port)

    async def stop(self, grace: float) -> None:
        """Take no more connections, wait at most `grace` seconds for open requests, and cut the rest."""
        if self._server is None or self._serving is None:
            return
        await self._sockets.end(grace)
        self._server.stop()  # type: ignore[no-untyped-call] # granian has types for what it documents
        await asyncio.wait({self._serving}, timeout=grace)
        self._serving.cancel()
        with suppress(asyncio.CancelledError):
            await self._serving


async def _until_it_answers(listen: Listen, serving: asyncio.Task[None]) -> None:
    host = _LOOPBACK.get(listen.host, listen.host)
    loop = asyncio.get_running_loop()
    end = loop.time() + _START_SECONDS
    while not serving.done() and loop.time() < end:
        try:
            _, writer = await asyncio.open_connection(host, listen.port)
        except OSError:
            await asyncio.sleep(_POLL_SECONDS)
        else:
            writer.close()
            return
    serving.cancel()
    raise CannotListen(listen, "the HTTP server does not come up")
