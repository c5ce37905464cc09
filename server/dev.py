"""`fluentpro dev`: everything on this machine, in one process beside the engines.

What is slow to import waits until the engines run, so that a newcomer sees at once that something happens.
"""

import logging
import os
import time
from contextlib import ExitStack

import typer
import uvloop

from adapters import failpoints
from adapters.engines import Engines, EngineUrls
from adapters.settings import Settings, load_settings
from adapters.telemetry.logs import configure_logs
from server.engines import named_engines, prefer_named
from server.ports import reserved

_STARTED = time.monotonic()


def run() -> None:
    """Start everything, say where it is, and stop it all when asked. Raises what REFUSALS names."""
    settings = load_settings(os.environ)
    configure_logs(settings.log_level)
    failpoints.arm(settings.failpoints)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its steps are told in one line of ours
    _require_ports(settings)
    with ExitStack() as stack:
        urls = _engines(stack, settings)
        report("loading the server")
        from server.dev_service import serve_here

        uvloop.run(serve_here(settings, urls, report))
    report("stopped")


def report(line: str) -> None:
    """Say how far it is, and how long that took since the command was given, in seconds."""
    typer.echo(f"  {time.monotonic() - _STARTED:5.1f} s  {line}", err=True)


def _require_ports(settings: Settings) -> None:
    """Try the ports before the engines start: a taken one should not cost a newcomer that wait."""
    with ExitStack() as trying:
        for listen in (settings.grpc_listen, settings.http_listen, settings.metrics_listen):
            if listen is not None:
                trying.enter_context(reserved(listen))


def _engines(stack: ExitStack, settings: Settings) -> EngineUrls:
    named = named_engines(settings)
    if named is not None:
        return named
    engines = Engines.start(settings.data_dir, report)
    stack.callback(engines.stop)
    stack.callback(report, "stopping Postgres and Valkey")
    return prefer_named(settings, engines.urls)
