"""The product with a partner that speaks at a steady pace: `python -m tests.benchmarks.servers.live LOG`.

LOG is `durable` or `memory`. Settings come from FLUENTPRO_*, engines are those of the data folder. All is as learners
meet it, but that a process makes as many replies as are asked of it: how far it goes is what is measured.
"""

import os
import sys
from contextlib import ExitStack
from functools import partial
from unittest.mock import patch

import uvloop

from adapters.engines import EngineUrls, running_engines
from adapters.live.runner import LocalRunner
from adapters.settings import Settings, load_settings
from adapters.telemetry.logs import AccessLog, configure_logs
from adapters.wiring import open_application
from server.hosting import Host, HostOptions, serve
from server.service import build_service
from server.signals import StopSignals

from .memory_log import MemoryLog
from .paced import PacedModel

_ENDLESS = 1_000_000


async def _serve(settings: Settings, urls: EngineUrls) -> None:
    access_log, signals = AccessLog(), StopSignals()
    options = HostOptions(settings.grpc_listen, settings.http_listen)
    async with open_application(settings, urls.database_url, urls.redis_url, model=PacedModel()) as application:
        with signals.installed():
            await serve(Host(build_service(application, settings, access_log), options), signals, grace=1.0)
    access_log.flush()


def _main(log: str) -> None:
    settings = load_settings(os.environ)
    configure_logs(settings.log_level)
    urls = running_engines(settings.data_dir)
    if urls is None:
        raise RuntimeError(f"no engines answer in {settings.data_dir}")
    with ExitStack() as stack:
        stack.enter_context(patch("adapters.wiring.LocalRunner", partial(LocalRunner, most=_ENDLESS)))
        if log == "memory":
            stack.enter_context(patch("adapters.parts.SurvivingLog", MemoryLog))
        uvloop.run(_serve(settings, urls))


if __name__ == "__main__":
    _main(sys.argv[1])
