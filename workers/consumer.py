"""Consumers: the handlers, each at work on what the bus says has moved.

An entry on the bus is a doorbell: what there is to handle stands in the store. An entry is acknowledged once its
stream has nothing left for the handler; until then the bus keeps it, for this process or for another.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from redis.asyncio import Redis

from adapters.live.connection import connect
from adapters.security.master_keys import MasterKeys
from adapters.sql.engine import Connections
from adapters.telemetry.handler_metrics import HandlerMetrics
from domain.audit.registry import AREAS
from domain.shared.clock import Clock
from workers.consumer_group import ConsumerGroup
from workers.effect import Effect
from workers.handler import Handler
from workers.handler_loop import HandlerLoop, Store
from workers.handlers import HANDLERS
from workers.handling import Handling
from workers.trying import WAITS, Trying

AT_ONCE = 4
"""Transactions at the same time: so many of the database's connections are used, however many handlers there are."""
STOP_SECONDS = 10.0
"""What handlers may still take for what they have in hand, when told to stop."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Consumers:
    """All handlers in one process. `name` tells it from every other process that consumes.

    `waits` are the seconds before each try of an event that failed; `metrics` are for the process' registry.
    """

    connections: Connections
    redis_url: str
    master_keys: MasterKeys
    clock: Clock
    name: str
    handlers: Sequence[Handler] = HANDLERS
    waits: Sequence[float] = WAITS
    metrics: HandlerMetrics = field(default_factory=HandlerMetrics)

    async def run(self) -> None:
        """Handle until cancelled; then finish what is in hand, within STOP_SECONDS."""
        redis = connect(self.redis_url, connections=len(self.handlers))
        slots = asyncio.Semaphore(AT_ONCE)
        loops = [self._loop(handler, redis, slots) for handler in self.handlers]
        tasks = [asyncio.create_task(loop.run(), name=f"handler {loop.name}") for loop in loops]
        try:
            await asyncio.wait(tasks)
        finally:
            for loop in loops:
                loop.stop()
            try:
                await _finish(tasks)
            finally:
                await redis.aclose()

    def _loop(self, handler: Handler, redis: Redis, slots: asyncio.Semaphore) -> HandlerLoop:
        effect = Effect(handler, self.master_keys)
        areas = {AREAS[kind] for kind in handler.aggregates}
        return HandlerLoop(
            group=ConsumerGroup(redis, handler.name, areas, self.name),
            store=Store(self.connections, handler),
            handling=Handling(self.connections, effect, self.metrics),
            trying=Trying(self.connections, effect, self.metrics, self.clock, self.waits),
            slots=slots,
        )


async def _finish(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for what is in hand; whoever cancels this too has had enough of waiting."""
    try:
        await asyncio.wait(tasks, timeout=STOP_SECONDS)
    finally:
        for task in tasks:
            if not task.done():
                _log.warning("%s did not finish in time", task.get_name())
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
