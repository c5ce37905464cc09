"""One process that serves: gRPC and HTTP on one event loop, started and stopped together."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, cast

import grpc.aio
from prometheus_client import CollectorRegistry

from adapters.settings import Listen
from server.asgi import AsgiApp
from server.chain import Chain
from server.collector import settle
from server.dispatcher import Dispatcher
from server.grpc_health import GrpcHealth
from server.grpc_port import GrpcPort, Register
from server.health import PATHS, HealthPages
from server.http_app import HttpApp
from server.http_port import HttpPort
from server.live_streams import LAST_WORDS_SECONDS
from server.metrics_page import PATH, MetricsPage
from server.metrics_port import serve_metrics
from server.readiness import Readiness
from server.signals import StopSignals
from server.websocket_port import WebSocketPort

# What calls that were ended at the end of the grace get for sending their last words, in seconds.
_LAST_WORDS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class HostOptions:
    """Where and how a host serves."""

    grpc: Listen
    http: Listen | None
    """None: gRPC alone."""
    metrics: Listen | None = None
    """None: the metrics are a page on the HTTP port, for this machine alone."""
    websockets: Listen | None = None
    """A further address for WebSockets, which cost little memory there; the HTTP port serves them in any case."""
    reflection: bool = False
    is_shared: bool = False
    """Whether other processes of ours serve on the same ports; then somebody has made sure that they are free."""
    load_balancer_seconds: float = 0.0
    """How long load balancers take to see that this process wants no more requests."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a host serves: servicers within a chain, and a gateway made on top of them."""

    chain: Chain
    register: Register
    gateway: Callable[[Dispatcher], AsgiApp]
    readiness: Readiness
    registry: CollectorRegistry
    pages: Callable[[Any], dict[str, AsgiApp]] = lambda _gateway: {}
    """Further pages of the HTTP port by their paths, made of the gateway."""
    end_live: Callable[[float], Awaitable[None]] | None = None
    """Has streams that stay open say that they end, within some seconds; the chain ends all that are left."""


class Host:
    """Both doors. After `start` its addresses have the ports that they got."""

    def __init__(self, service: Service, options: HostOptions) -> None:
        dispatcher = Dispatcher(service.chain)
        # It has the methods of a server that registering uses, and no others.
        service.register(cast("grpc.aio.Server", dispatcher))
        self._chain = service.chain
        self._end_live = service.end_live
        self._readiness = service.readiness
        self._options = options
        self._health = GrpcHealth(service.readiness, dispatcher.services)
        self._watching: asyncio.Task[None] | None = None
        self._grpc = GrpcPort(service.chain, service.register, self._health, is_shared=options.is_shared)
        if options.reflection:
            self._grpc.reflect(dispatcher.services)
        app = _http_app(service, dispatcher, options)
        self._http = HttpPort(app, is_shared=options.is_shared)
        self._websockets = WebSocketPort(app, is_shared=options.is_shared)
        self._registry = service.registry
        self._stop_metrics: Callable[[], None] | None = None
        self.grpc_listen = options.grpc
        self.http_listen = options.http
        self.websockets_listen = options.websockets

    async def start(self) -> None:
        """Open the ports. Raises PortTaken or CannotListen, with nothing left open."""
        await self._health.refresh()
        try:
            self.grpc_listen = await self._grpc.start(self._options.grpc)
            if self._options.http is not None:
                self.http_listen = await self._http.start(self._options.http)
            if self._options.websockets is not None:
                self.websockets_listen = await self._websockets.start(self._options.websockets)
            if self._options.metrics is not None:
                self._stop_metrics = serve_metrics(self._options.metrics, self._registry)
        except BaseException:
            await self.stop(0)
            raise
        self._watching = asyncio.create_task(self._health.keep_fresh())

    async def stop(self, grace: float) -> None:
        """Stop within `grace` seconds and one more; with 0 at once.

        First nobody sends requests any more, then streams end with UNAVAILABLE, so that their readers resume
        elsewhere, then the other calls get the rest of the time.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        self._readiness.stop()
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(min(grace, self._options.load_balancer_seconds))
        if self._end_live is not None:
            await self._end_live(min(grace, LAST_WORDS_SECONDS))
        self._chain.end_streams()
        self._health.end_watches()
        ending = loop.call_at(end, self._chain.end_all)
        left = max(0.0, end - loop.time()) + _LAST_WORDS_SECONDS
        await asyncio.gather(
            self._grpc.stop(left if grace else 0.0), self._http.stop(left), self._websockets.stop(left)
        )
        ending.cancel()
        await self._end_watching()
        if self._stop_metrics is not None:
            await asyncio.to_thread(self._stop_metrics)
            self._stop_metrics = None

    async def _end_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching


class Stoppable(Protocol):
    """What opens its ports, and closes them within a time."""

    async def start(self) -> None:
        """Open the ports."""
        ...

    async def stop(self, grace: float) -> None:
        """Close them within `grace` seconds."""
        ...


async def serve(
    host: Stoppable, signals: StopSignals, grace: float, on_start: Callable[[], None] | None = None
) -> None:
    """Run a host until it is asked to stop; asked a second time, it stops at once."""
    await host.start()
    settle()
    if on_start is not None:
        on_start()
    await signals.first.wait()
    stopping = asyncio.create_task(host.stop(grace))
    hurry = asyncio.create_task(signals.second.wait())
    await asyncio.wait({stopping, hurry}, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if not stopping.done():
        stopping.cancel()
        await host.stop(0)
        return
    await stopping


def _http_app(service: Service, dispatcher: Dispatcher, options: HostOptions) -> AsgiApp:
    health = HealthPages(service.readiness)
    pages: dict[str, AsgiApp] = dict.fromkeys(PATHS, health)
    if options.metrics is None:
        pages[PATH] = MetricsPage(service.registry)
    gateway = service.gateway(dispatcher)
    return HttpApp(pages | service.pages(gateway), gateway)
