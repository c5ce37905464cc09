"""`fluentpro server`: one serving process, or several that share the ports."""

import logging
import os
import sys
from contextlib import ExitStack

import uvloop

from adapters import failpoints
from adapters.engines import EngineUrls
from adapters.settings import Settings, load_settings
from adapters.telemetry.logs import AccessLog, configure_logs
from adapters.wiring import open_application
from server.engines import engines_for
from server.eviction import require_no_eviction
from server.hosting import Host, HostOptions, serve
from server.processes import Children, supervise, with_ports
from server.reachability import tell_what_is_missing
from server.service import build_service
from server.signals import StopSignals

_logger = logging.getLogger(__name__)


def run(*, http: bool, is_child: bool) -> None:
    """Serve until asked to stop. Raises what REFUSALS names."""
    settings = load_settings(os.environ)
    configure_logs(settings.log_level)
    failpoints.arm(settings.failpoints)
    with engines_for(settings, report=lambda _line: None) as urls:
        if is_child or settings.processes == 1:
            uvloop.run(_serve(settings, urls, http=http, is_child=is_child))
            return
        code = uvloop.run(_supervise(settings, http=http))
    sys.exit(code)


async def _serve(settings: Settings, urls: EngineUrls, *, http: bool, is_child: bool) -> None:
    options = HostOptions(
        grpc=settings.grpc_listen,
        http=settings.http_listen if http else None,
        websockets=settings.websocket_listen if http else None,
        metrics=settings.metrics_listen,
        reflection=settings.reflection,
        is_shared=is_child,
    )
    signals, access_log = StopSignals(), AccessLog()
    with ExitStack() as stack:
        stack.enter_context(signals.installed())
        stack.callback(access_log.flush)
        if is_child:
            stack.enter_context(signals.parent_watched(sys.stdin.fileno()))
        await tell_what_is_missing(settings)
        await require_no_eviction(settings, urls.redis_url)
        async with open_application(settings, urls.database_url, urls.redis_url) as application:
            host = Host(build_service(application, settings, access_log), options)
            await serve(host, signals, settings.shutdown_seconds, on_start=lambda: _tell_where(host, options))


def _tell_where(host: Host, options: HostOptions) -> None:
    doors = {"gRPC": host.grpc_listen, "HTTP": host.http_listen if options.http else None}
    _logger.info("serving %s", " and ".join(f"{door} on {listen}" for door, listen in doors.items() if listen))


async def _supervise(settings: Settings, *, http: bool) -> int:
    signals = StopSignals()
    command = [sys.executable, "-m", "server.cli", "server", "--child", *([] if http else ["--no-http"])]
    with ExitStack() as stack:
        stack.enter_context(signals.installed())
        doors = (settings.http_listen, settings.websocket_listen) if http else (None, None)
        environ = with_ports(stack, os.environ, settings.grpc_listen, *doors)
        return await supervise(Children(settings.processes, command, environ, settings.metrics_listen), signals)
