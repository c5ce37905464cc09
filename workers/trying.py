"""Trying an event by itself, after it failed among others: a few times, with waits, and then it is put aside."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.dead_letters import SqlDeadLetters
from adapters.sql.engine import Connections
from adapters.sql.handling import TRANSACTION_SECONDS, Loaded, Position, Progress, handling
from adapters.sql.tries import DIED, Tries
from adapters.telemetry.handler_metrics import HandlerMetrics
from domain.audit.dead_letter import DeadLetter, DeadLetterState
from domain.audit.errors import Undecodable
from domain.audit.model import StoredEvent
from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from workers.describing import describe, reason_of
from workers.effect import Effect, HandlerFailed

WAITS = (0.0, 0.2, 1.0, 5.0, 20.0)
"""Seconds before each try: a lost race is over at once, a bad deployment perhaps in half a minute. An event that fails
at the last is a dead letter."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trying:
    """Tries single events for one handler. Raises Unavailable, and then the event is tried again later."""

    connections: Connections
    effect: Effect
    metrics: HandlerMetrics
    clock: Clock
    waits: Sequence[float] = WAITS

    @property
    def _name(self) -> str:
        return self.effect.handler.name

    async def next_event(self, stream_id: str) -> float:
        """Try the stream's next event. Return how many seconds to wait with the stream: 0 when it is past the event."""
        event, wait = await self._begin(stream_id)
        if event is None:
            return wait
        try:
            await self._carry_out(stream_id)
        except HandlerFailed as failed:
            return await self._end(stream_id, event, failed.error)
        except Unavailable:
            await self._take_back(event)
            raise
        return 0.0

    async def _begin(self, stream_id: str) -> tuple[StoredEvent | None, float]:
        """Count a try of the next event; without an event when there is none, or when it has to wait."""
        async with handling(self.connections) as connection:
            at, found = await self._next(connection, stream_id)
            if found is None:
                await Progress(connection, self._name).settle([stream_id])
                await connection.commit()
                return None, 0.0
            if at.tries and (wait := self._wait(at.tries) - at.since) > 0:
                return None, wait
            if at.tries >= len(self.waits):  # the process of its last try is gone
                await self._bury(connection, found.event, DIED, "Its handling never ended.", at.tries)
                await connection.commit()
                return None, 0.0
            await Tries(connection, self._name).begin(stream_id, found.event.version)
            await connection.commit()
        self.metrics.tried(self._name)
        return found.event, 0.0

    async def _carry_out(self, stream_id: str) -> None:
        async with handling(self.connections) as connection:
            _, found = await self._next(connection, stream_id)
            if found is None:  # somebody else was quicker
                return
            plan = await self.effect.plan(connection, [found])
            for error in plan.failed.values():
                raise HandlerFailed from error
            await self.effect.write(connection, plan)
            await self._pass(connection, found.event)
            await self.effect.commit(connection)

    async def _end(self, stream_id: str, event: StoredEvent, error: Exception) -> float:
        """Keep why the try failed, or put the event aside; return how long to wait with the stream."""
        async with handling(self.connections) as connection:
            [at] = await Progress(connection, self._name).hold([stream_id])
            if at.version + 1 != event.version:  # somebody else got it through
                return 0.0
            if isinstance(error, Undecodable) or at.tries >= len(self.waits):
                await self._bury(connection, event, reason_of(error), describe(error), at.tries)
                await connection.commit()
                return 0.0
            await Tries(connection, self._name).end(stream_id, event.version, reason_of(error), describe(error))
            await connection.commit()
        return self._wait(at.tries)

    async def _take_back(self, event: StoredEvent) -> None:
        with suppress(Unavailable):  # then it has cost a try: once, for no other begins until the database is back
            async with handling(self.connections) as connection:
                await Tries(connection, self._name).take_back(event.stream_id, event.version)
                await connection.commit()

    async def _bury(self, connection: AsyncConnection, event: StoredEvent, reason: str, error: str, tries: int) -> None:
        await SqlDeadLetters(connection).add(self._letter(event, reason, error, tries))
        await self._pass(connection, event)
        self.metrics.died(self._name, reason)
        where = f"{event.stream_id} version {event.version}"
        _log.warning("dead letter: %s could not handle %s: %s, %s", self._name, where, reason, error)

    def _letter(self, event: StoredEvent, reason: str, error: str, tries: int) -> DeadLetter:
        now = self.clock()
        return DeadLetter(
            id=uuid4(),
            handler=self._name,
            stream_id=event.stream_id,
            version=event.version,
            position=event.position,
            event_id=event.event_id,
            type=event.type,
            reason=reason,
            error=error,
            tries=tries,
            state=DeadLetterState.DEAD,
            created_at=now,
            updated_at=now,
        )

    async def _pass(self, connection: AsyncConnection, event: StoredEvent) -> None:
        progress = Progress(connection, self._name)
        await progress.move({event.stream_id: event.version})
        await progress.settle([event.stream_id])

    async def _next(self, connection: AsyncConnection, stream_id: str) -> tuple[Position, Loaded | None]:
        progress = Progress(connection, self._name)
        [at] = await progress.hold([stream_id])
        found = (await progress.load([at], limit=1)).events
        return at, found[0] if found else None

    def _wait(self, tries: int) -> float:
        # A try that was the last one may still be under way, elsewhere.
        return self.waits[tries] if tries < len(self.waits) else TRANSACTION_SECONDS
