"""One handler at work: reads what moved, handles it, acknowledges it; and goes on whatever is away meanwhile."""

import asyncio
import logging
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redis.exceptions import ResponseError

from adapters.failpoints import reach
from adapters.live.connection import FAULTS
from adapters.sql.engine import Connections
from adapters.sql.handling import handling
from adapters.sql.lag import Unpassed, unpassed, watermark
from domain.shared.errors import Unavailable
from workers.consumer_group import TAKEN_OVER_AFTER, ConsumerGroup, Entry
from workers.handler import Handler
from workers.handling import Handling
from workers.held_back import HeldBack
from workers.trying import Trying

TAKE_OVER_EVERY = 5.0
"""Seconds between two looks for entries that their consumer has left behind."""
MOST_HELD = 5_000
"""Streams that wait for another try; with more, something is wrong with the handler, and it reads no new entries."""
_TROUBLE_SECONDS = 1.0
"""How long streams wait when something other than their events is at fault."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
"""Seconds between two attempts to reach the bus: once it is back, we are within a second and a command's time."""
_AT_ONCE = 500
"""Streams looked after together where no read of the bus has bounded them."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Store:
    """What the event store has for a handler."""

    connections: Connections
    handler: Handler

    async def start(self) -> int:
        """Return the position up to which the handler is through. Raises Unavailable."""
        async with handling(self.connections) as connection:
            return await watermark(connection, self.handler.name)

    async def unpassed(self, after: int) -> Sequence[Unpassed]:
        """Return some events after a position that the handler is not through with. Raises Unavailable."""
        async with handling(self.connections) as connection:
            return await unpassed(connection, self.handler.name, self.handler.aggregates, after, _AT_ONCE)


class HandlerLoop:
    """Runs one handler in one process."""

    def __init__(
        self,
        group: ConsumerGroup,
        store: Store,
        handling: Handling,
        trying: Trying,
        slots: asyncio.Semaphore,
    ) -> None:
        self.name = store.handler.name
        self._prefixes = tuple(f"{kind}-" for kind in store.handler.aggregates)
        self._group = group
        self._store = store
        self._handling = handling
        self._trying = trying
        self._slots = slots
        self._now = asyncio.get_running_loop().time
        self._held = HeldBack(self._now)
        self._take_over_at = 0.0
        self._stopping = False

    def stop(self) -> None:
        """Have `run` end once it has finished what it has in hand."""
        self._stopping = True

    async def run(self) -> None:
        """Handle until stopped. Whatever goes wrong is logged, and tried again."""
        pause = _FIRST_PAUSE
        while not self._stopping:
            try:
                await self._group.prepare()
                await self._catch_up()
                while not self._stopping:
                    await self._step()
                    pause = _FIRST_PAUSE
            except (*FAULTS, Unavailable) as error:
                _log.warning("%s has to wait: %s", self.name, _told(error))
            except Exception:  # noqa: BLE001 - a handler that ends by itself would be missed by nobody
                _log.exception("%s had trouble of its own", self.name)
            if not self._stopping:
                # Jittered, so that the handlers do not all come back at once.
                await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - spreads load, keeps no secret
                pause = min(2 * pause, _LONGEST_PAUSE)
        await self._leave()

    async def _catch_up(self) -> None:
        """Handle what the store has, without waiting for the bus to deliver what another process has left behind."""
        after = await self._store.start()
        while not self._stopping and (found := await self._store.unpassed(after)):
            streams = dict.fromkeys(each.stream_id for each in found if each.stream_id not in self._held)
            await self._handle(list(streams), left_behind=True)
            after = found[-1].position

    async def _step(self) -> None:
        if self._now() >= self._take_over_at:
            self._take_over_at = self._now() + TAKE_OVER_EVERY
            await self._take(await self._group.take_over(TAKEN_OVER_AFTER), left_behind=True)
        due = self._held.take_due()
        for begin in range(0, len(due), _AT_ONCE):
            await self._handle(due[begin : begin + _AT_ONCE])
        if len(self._held) >= MOST_HELD:
            await asyncio.sleep(min(self._held.seconds(), 1.0))
            return
        await self._take(await self._group.read(self._held.seconds()))

    async def _take(self, entries: Sequence[Entry], *, left_behind: bool = False) -> None:
        """Handle the streams that entries name, but those that wait for their time."""
        wanted = [entry for entry in entries if entry.stream_id.startswith(self._prefixes)]
        for entry in wanted:
            self._held.owe(entry)
        if len(wanted) < len(entries):
            await self._group.acknowledge(set(entries).difference(wanted))
        streams = dict.fromkeys(entry.stream_id for entry in wanted if entry.stream_id not in self._held)
        if streams:
            await self._handle(list(streams), left_behind=left_behind)

    async def _handle(self, streams: Sequence[str], *, left_behind: bool = False) -> None:
        """Handle streams until each is through or has to wait."""
        try:
            async with self._slots:
                suspected = await self._handling.suspect(streams) if left_behind and streams else frozenset[str]()
            remaining = list(streams)
            while remaining and not self._stopping:
                remaining = await self._round(remaining, suspected)
        except Unavailable as error:
            _log.warning("%s has to wait: %s", self.name, error)
            self._held.hold(streams, _TROUBLE_SECONDS)
        except FAULTS:
            raise
        except Exception:  # noqa: BLE001 - the streams are tried again, and the others go on
            _log.exception("%s had trouble with %d streams", self.name, len(streams))
            self._held.hold(streams, _TROUBLE_SECONDS)

    async def _round(self, streams: Sequence[str], suspected: frozenset[str]) -> list[str]:
        """Handle a slice of what the streams have; return those that have more."""
        async with self._slots:
            outcome = await self._handling.together(streams, suspected)
        await self._acknowledge(outcome.done)
        remaining = [stream_id for stream_id in streams if stream_id in outcome.more]
        for stream_id in sorted(outcome.alone):
            async with self._slots:
                wait = await self._trying.next_event(stream_id)
            if wait > 0:
                self._held.hold([stream_id], wait)
            else:
                remaining.append(stream_id)
        return remaining

    async def _acknowledge(self, streams: Iterable[str]) -> None:
        entries = self._held.take_entries(streams)
        if entries:
            await self._group.acknowledge(entries)
            await reach("consumer.after_ack")

    async def _leave(self) -> None:
        try:
            await self._group.leave()
        except FAULTS as error:
            _log.warning("%s could not leave its group: %s", self.name, error)


def _told(error: BaseException) -> str:
    missing = isinstance(error, ResponseError) and str(error).startswith("NOGROUP")
    return "the bus has lost its group" if missing else f"{type(error).__name__} {error}"
