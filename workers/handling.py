"""Handling the streams that moved, many in one transaction."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.sql.engine import Connections
from adapters.sql.handling import MOST_EVENTS, Progress, handling
from adapters.sql.tries import Tries
from adapters.telemetry.handler_metrics import HandlerMetrics
from workers.effect import Effect, HandlerFailed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of streams: `done` have nothing left, `more` go on, `alone` are to be tried one event at a time."""

    done: frozenset[str]
    more: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()

    def __or__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.done | other.done, self.more | other.more, self.alone | other.alone)


@dataclass(slots=True)
class Pace:
    """How many events a handler is given at a time: fewer after it took too long, and slowly more again."""

    most: int
    events: int = field(init=False)

    def __post_init__(self) -> None:
        self.events = self.most

    def slow_down(self) -> bool:
        """Give it an eighth of that from now on; False when one was too many already."""
        was_one = self.events == 1
        self.events = max(1, self.events // 8)
        return not was_one

    def go_on(self) -> None:
        """Take note that it was in time."""
        self.events = min(self.most, self.events + self.events // 4 + 1)


@dataclass(frozen=True, slots=True)
class Handling:
    """Handles streams for one handler. Every method raises Unavailable, and then its last transaction did nothing."""

    connections: Connections
    effect: Effect
    metrics: HandlerMetrics
    pace: Pace = field(default_factory=lambda: Pace(MOST_EVENTS))

    @property
    def _name(self) -> str:
        return self.effect.handler.name

    async def suspect(self, streams: Sequence[str]) -> frozenset[str]:
        """Count a try for streams whose handling was begun by a process that is gone; return those to go on with.

        The others have failed, or their processes died twice: each is to be tried by itself.
        """
        async with handling(self.connections) as connection:
            fresh = await Tries(connection, self._name).suspect(streams)
            await connection.commit()
        return fresh

    async def together(self, streams: Sequence[str], suspected: frozenset[str] = frozenset()) -> Outcome:
        """Handle what is new in the streams, in one transaction; in several where one fails.

        Streams that are being tried again are left out, unless they were just `suspected`.
        """
        try:
            return await self._one_transaction(streams, suspected)
        except HandlerFailed as failed:
            if isinstance(failed.error, TimeoutError) and self.pace.slow_down():
                return Outcome(frozenset(), more=frozenset(streams))  # with fewer events at a time
            if len(streams) == 1:
                return await self._acquit(streams)
            middle = len(streams) // 2
        # Whose events it was is known to the database alone: it is in one half or in both.
        first = await self.together(streams[:middle], suspected)
        return first | await self.together(streams[middle:], suspected)

    async def _acquit(self, streams: Sequence[str]) -> Outcome:
        """Take back a try that was counted on suspicion: its process lives, and what fails is counted from now on."""
        async with handling(self.connections) as connection:
            await Progress(connection, self._name).settle(streams)
            await connection.commit()
        return Outcome(frozenset(), alone=frozenset(streams))

    async def _one_transaction(self, streams: Sequence[str], suspected: frozenset[str]) -> Outcome:
        begun = time.perf_counter()
        async with handling(self.connections) as connection:
            progress = Progress(connection, self._name)
            positions = await progress.hold(streams)
            ready = [at for at in positions if not at.tries or at.stream_id in suspected]
            found = await progress.load(ready, self.pace.events)
            plan = await self.effect.plan(connection, found.events)
            await self.effect.write(connection, plan)
            await progress.move(plan.versions)
            await progress.settle(sorted(suspected.intersection(streams)))
            await self.effect.commit(connection)
        self.metrics.batch(self._name, plan.events, time.perf_counter() - begun)
        self.pace.go_on()
        alone = frozenset({at.stream_id for at in positions} - {at.stream_id for at in ready} | plan.failed.keys())
        return Outcome(frozenset(streams) - alone - found.more, found.more - alone, alone)
