"""The processes of `fluentpro gateway`: a gateway, its probes, and a channel to the service behind."""

import asyncio
import logging
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import typer
import uvloop

from adapters.settings import Listen
from adapters.telemetry.logs import configure_logs
from gateway.app import Gateway
from gateway.binding import BindingError
from gateway.docs.page import docs_pages
from gateway.image import Image, ImageError
from gateway.openapi.documents import Documents
from gateway.openapi.pages import openapi_pages
from gateway.options import GatewayOptions
from gateway.routes import RouteError
from gateway.upstream import CHANNEL_OPTIONS, GrpcUpstream
from server.asgi import AsgiApp
from server.health import PATHS, HealthPages
from server.hosting import serve
from server.http_app import HttpApp
from server.http_port import HttpPort
from server.ports import CannotListen, reserved
from server.processes import Children, supervise
from server.readiness import Readiness
from server.signals import StopSignals
from server.websocket_port import WebSocketPort

_logger = logging.getLogger(__name__)

_MISCONFIGURED = 78  # EX_CONFIG of sysexits.h, as for every other command
_GRACE_SECONDS = 30.0  # for requests in flight; what Kubernetes gives before it kills


@dataclass(frozen=True, slots=True)
class Front:
    """What to serve, from where, and how."""

    descriptors: Path
    upstream: Listen
    listen: Listen
    options: GatewayOptions
    websockets: Listen | None = None
    """A further address, for WebSockets alone."""


def run(front: Front, *, processes: int, is_child: bool) -> None:
    """Serve until asked to stop; what cannot be served is a line on stderr and exit code 78."""
    configure_logs("info")
    try:
        if is_child or processes == 1:
            uvloop.run(_serve(front, is_child=is_child))
            return
        code = uvloop.run(_supervise(front, processes))
    except (ImageError, BindingError, RouteError, CannotListen) as refusal:
        typer.echo(f"fluentpro: {refusal}", err=True)
        code = _MISCONFIGURED
    sys.exit(code)


class _Host:
    """One process of it."""

    def __init__(self, front: Front, *, is_shared: bool) -> None:
        self._channel = grpc.aio.insecure_channel(str(front.upstream), options=CHANNEL_OPTIONS)
        self._readiness = Readiness({"upstream": self._channel.channel_ready})
        image = Image.read(front.descriptors)
        gateway = Gateway(image, GrpcUpstream(self._channel), front.options)
        pages: dict[str, AsgiApp] = dict.fromkeys(PATHS, HealthPages(self._readiness))
        documents = Documents(image, gateway.routes)
        pages |= openapi_pages(documents) | docs_pages(documents)
        app = HttpApp(pages, gateway)
        self._http = HttpPort(app, is_shared=is_shared)
        self._websockets = WebSocketPort(app, is_shared=is_shared)
        self._websocket_listen = front.websockets
        self.listen = front.listen

    async def start(self) -> None:
        """Open the ports. Raises PortTaken or CannotListen."""
        self.listen = await self._http.start(self.listen)
        if self._websocket_listen is not None:
            await self._websockets.start(self._websocket_listen)

    async def stop(self, grace: float) -> None:
        """Take no more requests, give those in flight `grace` seconds, and cut the rest."""
        self._readiness.stop()
        await asyncio.gather(self._http.stop(grace), self._websockets.stop(grace))
        await self._channel.close()


async def _serve(front: Front, *, is_child: bool) -> None:
    signals = StopSignals()
    with ExitStack() as stack:
        stack.enter_context(signals.installed())
        if is_child:
            stack.enter_context(signals.parent_watched(sys.stdin.fileno()))
        host = _Host(front, is_shared=is_child)
        tell = f"serving HTTP on %s, for gRPC on {front.upstream}"
        await serve(host, signals, _GRACE_SECONDS, on_start=lambda: _logger.info(tell, host.listen))


async def _supervise(front: Front, processes: int) -> int:
    signals = StopSignals()
    with ExitStack() as stack:
        stack.enter_context(signals.installed())
        # The last --listen counts: all children share the ports that this process holds.
        command = [sys.executable, "-m", "server.cli", *sys.argv[1:], "--child"]
        for option, listen in (("--listen", front.listen), ("--websocket-listen", front.websockets)):
            if listen is not None:
                command += [option, str(stack.enter_context(reserved(listen)))]
        return await supervise(Children(processes, command, os.environ), signals)
