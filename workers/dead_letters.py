"""Tries dead letters again that somebody has queued."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.security.master_keys import MasterKeys
from adapters.sql.dead_letters import SqlDeadLetters
from adapters.sql.engine import Connections
from adapters.sql.handling import Position, Progress, handling
from adapters.sql.tries import DIED
from domain.audit.dead_letter import DeadLetter, DeadLetterState
from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from workers.describing import describe, reason_of
from workers.effect import Effect, HandlerFailed
from workers.handler import Handler, Projection
from workers.handlers import HANDLERS
from workers.remaking import REMAKING_SECONDS, remake

POLL_SECONDS = 1.0
"""Between two looks for what somebody has queued: it is a person who waits."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retrier:
    """Tries queued dead letters again. Any number of processes may: each letter is locked by the one that has it.

    For a projection its stream is made anew, without those that are still dead, so that the event takes effect at its
    place; a reaction gets the one event.
    """

    connections: Connections
    master_keys: MasterKeys
    clock: Clock
    handlers: Sequence[Handler] = HANDLERS

    async def run(self) -> NoReturn:
        """Try until cancelled."""
        while True:
            try:
                while await self.retry_next():
                    pass
            except Unavailable as error:
                _log.warning("retrying dead letters has to wait: %s", error)
            await asyncio.sleep(POLL_SECONDS)

    async def retry_next(self) -> bool:
        """Try one that is queued; False when there is none. Raises Unavailable."""
        letter = await self._claim()
        if letter is None:
            return False
        try:
            await self._retry(letter)
        except HandlerFailed as failed:
            again = replace(letter, reason=reason_of(failed.error), error=describe(failed.error))
            await self._change(again)
            _log.warning("dead letter %s failed again: %s", letter.id, again.error)
        except Unavailable:
            with suppress(Unavailable):
                await self._change(replace(letter, state=DeadLetterState.QUEUED))
            raise
        return True

    async def _claim(self) -> DeadLetter | None:
        """Return a queued one, dead again with one try more: one that kills its process is not queued for ever."""
        async with handling(self.connections) as connection:
            letters = SqlDeadLetters(connection)
            letter = await letters.next_queued()
            if letter is None:
                return None
            error = "The process that tried it again ended, or lost its database."
            state, tries, now = DeadLetterState.DEAD, letter.tries + 1, self.clock()
            claimed = replace(letter, state=state, tries=tries, reason=DIED, error=error, updated_at=now)
            await letters.save(claimed)
            await connection.commit()
        return claimed

    async def _retry(self, letter: DeadLetter) -> None:
        async with handling(self.connections, REMAKING_SECONDS) as connection:
            if not await _is_unchanged(connection, letter):
                return
            effect = Effect(self._handler(letter.handler), self.master_keys)
            if isinstance(effect.handler, Projection):
                await _remake(connection, effect, effect.handler, letter)
            else:
                await _handle_alone(connection, effect, letter)
            resolved = replace(letter, state=DeadLetterState.RESOLVED, updated_at=self.clock())
            await SqlDeadLetters(connection).save(resolved)
            await effect.commit(connection)
        _log.info("dead letter %s is resolved", letter.id)

    def _handler(self, name: str) -> Handler:
        for handler in self.handlers:
            if handler.name == name:
                return handler
        raise HandlerFailed from LookupError(f"no handler is called {name} any more")

    async def _change(self, letter: DeadLetter) -> None:
        """Write it, unless somebody has decided otherwise meanwhile."""
        async with handling(self.connections) as connection:
            if await _is_unchanged(connection, letter):
                await SqlDeadLetters(connection).save(replace(letter, updated_at=self.clock()))
                await connection.commit()


async def _is_unchanged(connection: AsyncConnection, letter: DeadLetter) -> bool:
    known = await SqlDeadLetters(connection).lock(letter.id)
    return known is not None and known.state is DeadLetterState.DEAD


async def _remake(connection: AsyncConnection, effect: Effect, projection: Projection, letter: DeadLetter) -> None:
    others = await SqlDeadLetters(connection).of_stream(letter.handler, letter.stream_id)
    skipped = {other.version for other in others if other.id != letter.id}
    await remake(connection, effect, projection, letter.stream_id, skipped)


async def _handle_alone(connection: AsyncConnection, effect: Effect, letter: DeadLetter) -> None:
    before = Position(letter.stream_id, letter.version - 1, 0, 0.0)
    found = await Progress(connection, letter.handler).load([before], limit=1)
    plan = await effect.plan(connection, found.events)
    for error in plan.failed.values():
        raise HandlerFailed from error
    await effect.write(connection, plan)
