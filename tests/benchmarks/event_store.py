"""A store and a bus of the benchmarks' own, with what writes to the one and reads from the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from redis.asyncio import Redis

from adapters.bus.publisher import BusPublisher
from adapters.live.connection import connect
from adapters.security.master_keys import MasterKeys
from adapters.sql.engine import Connections
from adapters.sql.lag import lags
from adapters.sql.leadership import Candidate
from adapters.sql.outbox import Outbox
from adapters.sql.unit_of_work import SqlUnitOfWork
from adapters.telemetry.background_metrics import BackgroundMetrics
from adapters.telemetry.handler_metrics import HandlerMetrics
from domain.shared.clock import system_clock
from domain.shared.events import Event
from workers import consumer_group
from workers.consumer import Consumers
from workers.consumer_group import ConsumerGroup
from workers.effect import Effect
from workers.handler import Handler
from workers.handlers import HANDLERS, INTERESTS
from workers.handling import Handling
from workers.leadership import Led
from workers.projections.practice_record import practice_record
from workers.relay import BATCH, Relay

from .store import own_store

_MASTER = MasterKeys({"bench": bytes(range(32))})
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class EventStore:
    """Postgres and Valkey, freshly migrated, with nobody else on them."""

    connections: Connections
    redis: Redis
    redis_url: str

    async def record(self, *events: Event) -> None:
        """Commit events in one transaction."""
        async with SqlUnitOfWork(self.connections, system_clock, _MASTER) as work:
            work.record(*events)
            await work.commit()

    async def publish(self, batch: int) -> None:
        """Have a relay bring all that waits to the bus, so many events at a time."""
        term = await self._candidate().stand()
        if term is None:
            raise RuntimeError("somebody else leads the relay of the benchmarks' own store")
        relay = self._relay(batch)
        while await relay.publish(term):
            pass
        await term.end()

    async def consume(self, at_once: int) -> None:
        """Have the practice record handle and acknowledge all that is on the bus, so many entries at a time."""
        group = ConsumerGroup(self.redis, practice_record.name, ["practice"], "bench")
        handling = Handling(self.connections, Effect(practice_record, _MASTER), HandlerMetrics())
        await group.prepare()
        with patch.object(consumer_group, "MOST_ENTRIES", at_once):
            while entries := await group.read(0.0):
                await handling.together(list(dict.fromkeys(entry.stream_id for entry in entries)))
                await group.acknowledge(entries)

    @asynccontextmanager
    async def in_the_background(self, handler: Handler) -> AsyncIterator[None]:
        """For a block, run the relay, all our handlers and one more, as `fluentpro background` does."""
        stopping = asyncio.Event()
        consumers = Consumers(
            self.connections, self.redis_url, _MASTER, system_clock, "bench", handlers=(*HANDLERS, handler)
        )
        led = Led(self._candidate(), self._relay(BATCH).run, BackgroundMetrics())
        relaying, consuming = asyncio.create_task(led.run(stopping)), asyncio.create_task(consumers.run())
        try:
            yield
        finally:
            stopping.set()
            await relaying
            consuming.cancel()
            with suppress(asyncio.CancelledError):
                await consuming

    async def quiet(self) -> None:
        """Return once all our handlers have handled everything."""
        while True:
            if not await self._behind():
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _behind(self) -> int:
        async with self.connections.reading() as connection:
            return sum(lag.behind for lag in await lags(connection, INTERESTS))

    def _candidate(self) -> Candidate:
        return Candidate(self.connections.engine.url, "relay")

    def _relay(self, batch: int) -> Relay:
        return Relay(Outbox(self.connections), BusPublisher(self.redis), INTERESTS, BackgroundMetrics(), batch)


@asynccontextmanager
async def event_store(folder: Path) -> AsyncIterator[EventStore]:
    """Start engines in `folder` for a block. Raises EnginesFailed."""
    async with own_store(folder) as store:
        redis = connect(store.urls.redis_url, connections=4)
        try:
            yield EventStore(store.connections, redis, store.urls.redis_url)
        finally:
            await redis.aclose()
