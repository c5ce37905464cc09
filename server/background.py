"""`fluentpro background`: the relay, the consumers and what else works behind requests."""

import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial

import uvloop
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from adapters import failpoints
from adapters.bus.publisher import BusPublisher
from adapters.choices import erasure_list, master_keys, signing_keys
from adapters.engines import EngineUrls
from adapters.live.connection import connect
from adapters.live.distributed_lock import DistributedLock
from adapters.security.master_keys import MasterKeys
from adapters.settings import Listen, Settings, load_settings
from adapters.sql.engine import Connections, create_engine
from adapters.sql.leadership import Candidate
from adapters.sql.outbox import Outbox
from adapters.sql.readiness import check_database
from adapters.sql.unit_of_work import SqlUnitOfWork
from adapters.telemetry.background_metrics import BackgroundMetrics
from adapters.telemetry.job_metrics import DispatchCounts, JobMetrics
from adapters.telemetry.logs import configure_logs
from adapters.wiring import Application, open_application
from domain.identity.erase import EraseAgain
from domain.shared.clock import system_clock
from server.engines import engines_for
from server.eviction import require_no_eviction
from server.hosting import serve
from server.metrics_port import serve_metrics
from server.reachability import tell_what_is_missing
from server.signals import StopSignals
from workers.background import STOP_SECONDS, Background
from workers.celery_app import make_app
from workers.checkpointer import Checkpointer
from workers.consumer import Consumers
from workers.dead_letters import Retrier
from workers.dispatcher import Dispatcher
from workers.erasures import Erasures
from workers.handlers import INTERESTS
from workers.leadership import Led
from workers.relay import Relay
from workers.sending import CelerySender
from workers.stopping import until_asked
from workers.supervisor import Part
from workers.sweeper import LOCK_SECONDS, Sweeper
from workers.tasks.registry import periodic, tasks
from workers.upkeep import Upkeep

_REDIS_CONNECTIONS = 6
"""Of the relay, of the upkeep and of the sweeper; consumers have their own."""
_CHECKPOINTS = "checkpoints"


def run() -> None:
    """Work until asked to stop. Raises what REFUSALS names."""
    settings = load_settings(os.environ)
    configure_logs(settings.log_level)
    failpoints.arm(settings.failpoints)
    with engines_for(settings, report=lambda _line: None) as urls:
        uvloop.run(_work(settings, urls))


async def _work(settings: Settings, urls: EngineUrls) -> None:
    signals, registry = StopSignals(), CollectorRegistry()
    with signals.installed():
        await tell_what_is_missing(settings)
        await require_no_eviction(settings, urls.redis_url)
        async with (
            open_application(settings, urls.database_url, urls.redis_url) as application,
            open_background(settings, urls, application, registry) as background,
        ):
            with _metrics(settings.metrics_listen, registry):
                await serve(background, signals, STOP_SECONDS)


@contextmanager
def _metrics(listen: Listen | None, registry: CollectorRegistry) -> Iterator[None]:
    if listen is None:
        yield
        return
    stop = serve_metrics(listen, registry)
    try:
        yield
    finally:
        stop()


@asynccontextmanager
async def open_background(
    settings: Settings, urls: EngineUrls, application: Application, registry: CollectorRegistry
) -> AsyncIterator[Background]:
    """Put the parts together, over connections of their own; they are to be started and stopped within the block."""
    async with AsyncExitStack() as stack:
        connections = Connections(create_engine(urls.database_url, settings.database_pool_size))
        stack.push_async_callback(connections.close)
        redis = connect(urls.redis_url, _REDIS_CONNECTIONS)
        stack.push_async_callback(redis.aclose)
        metrics = BackgroundMetrics()
        registry.register(metrics)
        master = master_keys(settings)
        consumers = Consumers(connections, urls.redis_url, master, system_clock, _process_name())
        registry.register(consumers.metrics)
        checkpointer = Checkpointer(connections, signing_keys(settings), system_clock)
        upkeep = Upkeep(connections, redis, INTERESTS, settings.feed_retention_seconds, metrics, system_clock)
        leading = {
            "relay": Relay(Outbox(connections), BusPublisher(redis), INTERESTS, metrics).run,
            "upkeep": upkeep.run,
            _CHECKPOINTS: lambda _term, stopping: until_asked(checkpointer.run)(stopping),
        }
        url = connections.engine.url
        led = [Part(name, Led(Candidate(url, name), work, metrics).run) for name, work in leading.items()]
        shared = [
            Part("consumers", until_asked(consumers.run)),
            Part("dead letters", until_asked(Retrier(connections, master, system_clock).run)),
            Part("erasures", until_asked(_erasures(settings, connections, master).run)),
            *_job_parts(connections, urls, registry),
            Part("sweeper", until_asked(_sweeper(application, redis).run)),
        ]
        usable = partial(check_database, connections)
        last = partial(_last_checkpoint, Candidate(url, _CHECKPOINTS), checkpointer)
        background = Background([*led, *shared], metrics, usable, last)
        stack.push_async_callback(background.stop, 0)  # where nobody came to stop it
        yield background


def _job_parts(connections: Connections, urls: EngineUrls, registry: CollectorRegistry) -> list[Part]:
    """Return what hands jobs to the workers, and what tells how many there are."""
    counts, known = DispatchCounts(), tasks()
    app = make_app(urls.redis_url, known.values())
    dispatcher = Dispatcher(connections, lambda: CelerySender(app, known), periodic(), system_clock, counts)
    figures = JobMetrics(connections, counts, registry)
    return [Part("dispatcher", until_asked(dispatcher.run)), Part("job figures", until_asked(figures.run))]


def _sweeper(application: Application, redis: Redis) -> Sweeper:
    lock = DistributedLock(redis, "sweeper", LOCK_SECONDS)
    return Sweeper(application.reads, application.recover, system_clock, lock)


def _erasures(settings: Settings, connections: Connections, master: MasterKeys) -> Erasures:
    def uow() -> SqlUnitOfWork:
        return SqlUnitOfWork(connections, system_clock, master)

    return Erasures(connections, EraseAgain(uow, system_clock), erasure_list(settings))


def _process_name() -> str:
    """Name this process among all that consume, of this machine and others."""
    return f"{socket.gethostname()}-{os.getpid()}"


async def _last_checkpoint(candidate: Candidate, checkpointer: Checkpointer) -> None:
    """Cover what came since the last checkpoint, unless another process leads and will."""
    try:
        term = await candidate.stand()
        if term is None:
            return
        try:
            await checkpointer.checkpoint()
        finally:
            await term.end()
    finally:
        await candidate.withdraw()
