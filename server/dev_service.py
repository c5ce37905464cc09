"""What `fluentpro dev` serves once the engines run: a migrated and seeded database, doors and background work."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack

import typer

from adapters.engines import EngineUrls
from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.settings import Settings
from adapters.sql.migrations import migrate
from adapters.telemetry.logs import AccessLog
from adapters.wiring import Application, open_application
from server.background import open_background
from server.dev_worker import DevWorker
from server.eviction import require_no_eviction
from server.hosting import Host, HostOptions, serve
from server.reachability import require_named
from server.service import build_service
from server.signals import StopSignals
from workers.background import STOP_SECONDS, Background

Report = Callable[[str], None]


async def serve_here(settings: Settings, urls: EngineUrls, report: Report) -> None:
    """Prepare the database and serve until a signal comes; each step is told to `report`.

    Ctrl-C before it serves cancels what is under way. Raises what REFUSALS names.
    """
    await require_named(settings)
    await require_no_eviction(settings, urls.redis_url)
    access_log = AccessLog()
    with ExitStack() as stack:
        stack.callback(access_log.flush)
        async with open_application(settings, urls.database_url, urls.redis_url) as application:
            await _prepare(application, report)
            options = HostOptions(
                settings.grpc_listen,
                settings.http_listen,
                settings.metrics_listen,
                settings.websocket_listen,
                reflection=settings.reflection,
            )
            service = build_service(application, settings, access_log)
            host = Host(service, options)
            signals = StopSignals()
            # The signals are ours until the connections of the background work are closed, too.
            with signals.installed():
                async with open_background(settings, urls, application, service.registry) as background:
                    everything = _Everything(host, background, DevWorker(urls))
                    await serve(
                        everything,
                        signals,
                        settings.shutdown_seconds,
                        on_start=lambda: _welcome(host, settings, report),
                    )
            report("stopped serving")


class _Everything:
    """The doors and what works behind them: the latter stops last, so that it has what the last requests left."""

    def __init__(self, host: Host, background: Background, worker: DevWorker) -> None:
        self._host = host
        self._background = background
        self._worker = worker

    async def start(self) -> None:
        await self._host.start()
        await self._background.start()
        await self._worker.start()

    async def stop(self, grace: float) -> None:
        await self._host.stop(grace)
        behind = min(grace, STOP_SECONDS)
        await asyncio.gather(self._background.stop(behind), self._worker.stop(behind))


async def _prepare(application: Application, report: Report) -> None:
    report("migrating the database")
    await migrate(application.connections.engine)
    done = await seed(application.connections, read_catalog())
    report(f"seeded the catalogue: {done.inserted} new, {done.updated} changed, {done.unchanged} as they were")


def _welcome(host: Host, settings: Settings, report: Report) -> None:
    report("ready")
    http = f"http://{host.http_listen}"
    grpc = f"http://{host.grpc_listen}"
    practise = f"\n  practise {http}/" if settings.page else ""
    typer.echo(
        f"""
FluentPro runs. Ctrl-C stops everything.
{practise}
  HTTP     {http}/api/v2
  docs     {http}/docs
  gRPC     {host.grpc_listen} (describes itself by reflection)
  health   {http}/readyz
  metrics  http://{settings.metrics_listen or host.http_listen}/metrics
  data     {settings.data_dir}
  mail     {_mail(settings)}

  curl {http}/api/v2/industries
  .venv/bin/buf curl --protocol grpc --http2-prior-knowledge \\
    {grpc}/fluentpro.v2.CatalogService/ListIndustries -d '{{}}'

  A learner's whole way, in another terminal:
  bash docs/guide/first_conversation.sh {http}
  bash docs/guide/first_conversation_grpc.sh {grpc}
"""
    )


def _mail(settings: Settings) -> str:
    if settings.smtp_url is None or settings.mail == "folder":
        return f"{settings.data_dir}/mail, where each mail is a file"
    return "goes to the SMTP server of the settings"
