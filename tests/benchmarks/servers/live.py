"""The product with a partner that speaks at a steady pace: `python -m tests.benchmarks.servers.live LOG`.

LOG is `durable` or `memory`, or `none`: then no store is used, and the handler says the words by itself. Settings come
from FLUENTPRO_*, engines are those of the data folder. All is as learners meet it, but that a process makes as many
replies as are asked of it: how far it goes is what is measured.
"""

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import uvloop

from adapters.engines import EngineUrls, running_engines
from adapters.live.runner import LocalRunner
from adapters.settings import Settings, load_settings
from adapters.telemetry.logs import AccessLog, configure_logs
from adapters.wiring import open_application
from domain.practice.messages import Message
from domain.practice.reply import LogEntry, Position, TextDelta
from server.hosting import Host, HostOptions, serve
from server.service import build_service
from server.signals import StopSignals

from .memory_log import MemoryLog
from .paced import PacedModel, words

_ENDLESS = 1_000_000


async def _serve(settings: Settings, urls: EngineUrls, *, with_store: bool) -> None:
    access_log, signals = AccessLog(), StopSignals()
    options = HostOptions(settings.grpc_listen, settings.http_listen)
    async with open_application(settings, urls.database_url, urls.redis_url, model=PacedModel()) as application:
        served = application
        if not with_store:
            stand_ins: dict[str, Any] = {"send_message": _take, "follow_reply": _say}
            practice = replace(application.practice, **stand_ins)
            served = replace(application, practice=practice)
        with signals.installed():
            await serve(Host(build_service(served, settings, access_log), options), signals, grace=1.0)
    access_log.flush()


@dataclass(frozen=True, slots=True)
class _Asked:
    """As much of a generation as its reader needs."""

    id: UUID
    text: str


async def _take(_user_id: UUID, message: Message) -> _Asked:
    """Stand for SendMessage."""
    return _Asked(uuid4(), message.text)


async def _say(asked: _Asked, _after: Position | None) -> AsyncGenerator[LogEntry, None]:
    """Stand for FollowReply."""
    number = 0
    async for each in words(asked.text):
        number += 1
        yield LogEntry(Position(1, number), number, TextDelta(each))


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
        uvloop.run(_serve(settings, urls, with_store=log != "none"))


if __name__ == "__main__":
    _main(sys.argv[1])
