"""Keeping the bus and the outbox small, and watching how far behind everybody is."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from redis.asyncio import Redis

from adapters.bus.connection import BusUnavailable
from adapters.bus.trimming import trim
from adapters.sql.away import unavailable
from adapters.sql.engine import Connections
from adapters.sql.lag import Handlers, advance_watermarks, forget_passed, lags, unpublished
from adapters.sql.leadership import Term
from adapters.telemetry.background_metrics import BackgroundMetrics
from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from workers.relay import STREAMS
from workers.stopping import Stopping, rest

LOOK_SECONDS = 5.0
"""Between two looks at how far everybody is."""
LOOKS_A_TRIM = 12
"""Trimming comes with every twelfth look: once a minute."""
LOOK_WITHIN = 60.0
"""Seconds for one look: counting a hundred thousand events that a handler is behind takes one."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Looks, measures and trims while it leads. `keep_seconds`: how long what everybody has is kept all the same."""

    connections: Connections
    redis: Redis
    handlers: Handlers
    keep_seconds: float
    metrics: BackgroundMetrics
    clock: Clock

    async def run(self, _term: Term, stopping: Stopping) -> None:
        """Look until asked to stop; what an engine cannot do now waits for the next look."""
        try:
            looks = 0
            while not stopping.is_set():
                await self._once(with_trim=looks % LOOKS_A_TRIM == 0)
                looks += 1
                await rest(stopping, LOOK_SECONDS)
        finally:
            self.metrics.overlook()

    async def _once(self, *, with_trim: bool) -> None:
        try:
            await self.look()
            if with_trim:
                await self.trim()
                await self.forget()
        except (Unavailable, BusUnavailable) as fault:
            _log.warning("Looking after the bus has to wait: %s", fault)

    async def look(self) -> None:
        """Move the handlers' watermarks and measure the lags. Raises Unavailable."""
        with unavailable():
            async with asyncio.timeout(LOOK_WITHIN), self.connections.transaction() as connection:
                await advance_watermarks(connection, self.handlers)
                await connection.commit()
                self.metrics.looked(await unpublished(connection), await lags(connection, self.handlers))

    async def trim(self) -> None:
        """Remove from the bus what is old and acknowledged by all. Raises BusUnavailable."""
        states = {stream: await trim(self.redis, stream, self.keep_seconds) for stream in STREAMS}
        self.metrics.trimmed({stream: state for stream, state in states.items() if state is not None})
        trimmed = sum(state.trimmed for state in states.values() if state is not None)
        if trimmed:
            _log.info("Trimmed %d entries of the bus.", trimmed)

    async def forget(self) -> None:
        """Remove from the outbox what is old and passed by all handlers. Raises Unavailable."""
        before = self.clock() - timedelta(seconds=self.keep_seconds)
        with unavailable():
            async with asyncio.timeout(LOOK_WITHIN), self.connections.transaction() as connection:
                count = await forget_passed(connection, self.handlers, before)
                await connection.commit()
        if count:
            _log.info("Forgot %d published events of the outbox.", count)
