"""The relay: brings what the outbox holds to the bus, in order, at least once.

It knows where each stream of the bus stands, and Redis adds entries only to a stream that stands there. A relay that
was replaced without noticing therefore adds nothing, and a Redis that lost data is noticed before anything is added.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapters.bus.connection import BusUnavailable
from adapters.bus.entries import Announced, entry_fields
from adapters.bus.entry_ids import parsed
from adapters.bus.keys import bus_key
from adapters.bus.publisher import BusPublisher, Fields, Receipt, Shipment
from adapters.failpoints import reach
from adapters.sql.lag import Handlers
from adapters.sql.leadership import Term
from adapters.sql.outbox import Outbox, Step
from adapters.telemetry.background_metrics import BackgroundMetrics
from domain.audit.registry import AREAS
from domain.shared.errors import Unavailable
from workers.stopping import Stopping, first_of, rest

STREAMS = tuple(sorted({bus_key(area) for area in AREAS.values()}))
"""Every stream of the bus."""
BATCH = 500
"""Events published with one round trip, and marked with one more."""
MOST_BYTES = 4 * 1024 * 1024
"""Of a batch, about: one event's entry has up to 64 KiB of them."""
POLL_SECONDS = 1.0
"""The longest between two looks when no notice comes; also how soon a Redis that lost its data is noticed."""
RETRY_SECONDS = 1.0
"""Between two tries while an engine is away or refuses."""
CHANNEL = "fluentpro_outbox"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Load:
    """What of a batch goes to one stream."""

    positions: list[int] = field(default_factory=list)
    entries: list[Fields] = field(default_factory=list)


class Relay:
    """Publishes while it leads. One object for one leadership after the other."""

    def __init__(
        self,
        outbox: Outbox,
        bus: BusPublisher,
        handlers: Handlers,
        metrics: BackgroundMetrics,
        batch: int = BATCH,
    ) -> None:
        self._outbox = outbox
        self._bus = bus
        self._handlers = handlers
        self._metrics = metrics
        self._batch = batch
        self._news = asyncio.Event()
        self._last_ids: dict[str, str] = {}
        """Where the streams stand, as far as we know; empty when we have to look."""
        self._unmarked: list[Step] = []
        """What is on the bus already, and not yet marked in the outbox."""
        self.waits_for = ""
        """Why it does not publish at the moment; empty when it does."""

    async def run(self, term: Term, stopping: Stopping) -> None:
        """Publish until asked to stop, and then end the batch in hand. Raises LeadershipLost."""
        self._last_ids, self._unmarked = {}, []
        await term.listen(CHANNEL, self._news.set)
        while not stopping.is_set():
            self._news.clear()
            try:
                is_full = await self.publish(term)
            except (Unavailable, BusUnavailable) as fault:
                self._tell(f"{fault}")
                await rest(stopping, RETRY_SECONDS)
            else:
                self._tell("")
                if not is_full:
                    await self._wait(stopping)

    async def publish(self, term: Term) -> bool:
        """Publish one batch; return whether more may wait. Raises LeadershipLost, Unavailable, BusUnavailable."""
        await self._mark()
        if not self._last_ids:
            await self._look(term)
        events = await self._outbox.waiting(self._batch)
        loads = await self._loads(events)
        shipments = [Shipment(stream, self._last_ids[stream], loads[stream].entries) for stream in STREAMS]
        is_empty = not any(shipment.entries for shipment in shipments)
        if not is_empty:
            await reach("relay.before_xadd")
        receipts = await self._bus.publish(shipments)
        if not is_empty:
            await reach("relay.after_xadd")
        self._take(receipts, loads)
        await self._mark()
        refusal = next((receipt.refusal for receipt in receipts.values() if receipt.refusal), "")
        if refusal:
            raise BusUnavailable(refusal)
        taken = sum(len(load.positions) for load in loads.values())
        return len(events) == self._batch or taken < len(events) or not self._last_ids

    async def _loads(self, events: Sequence[Announced]) -> Mapping[str, _Load]:
        loads: defaultdict[str, _Load] = defaultdict(_Load)
        strays: list[Announced] = []
        size = 0
        for event in events:
            if size >= MOST_BYTES:
                break
            if event.stream is None:
                strays.append(event)
                continue
            fields = entry_fields(event)
            size += len(fields[-1]) if isinstance(fields[-1], bytes) else 0
            loads[event.stream].positions.append(event.position)
            loads[event.stream].entries.append(fields)
        if strays:
            await self._dismiss(strays)
        return loads

    async def _dismiss(self, strays: Sequence[Announced]) -> None:
        """Nobody could read them from the bus; in the store they stay."""
        kinds = sorted({event.stream_id.partition("-")[0] for event in strays})
        _log.error("%d events of unknown streams (%s) are not published.", len(strays), ", ".join(kinds))
        self._metrics.unroutable(len(strays))
        await self._outbox.dismiss(event.position for event in strays)

    def _take(self, receipts: Mapping[str, Receipt], loads: Mapping[str, _Load]) -> None:
        """Note what landed; forget where the streams stand when one of them stands elsewhere."""
        moved = False
        for stream, receipt in receipts.items():
            if receipt.landed and loads[stream].entries:
                before, self._last_ids[stream] = self._last_ids[stream], receipt.last_id
                self._unmarked.append(Step(stream, before, receipt.last_id, tuple(loads[stream].positions)))
                self._metrics.published(stream, len(loads[stream].entries))
            moved = moved or not (receipt.landed or receipt.refusal)
        if moved:
            self._last_ids = {}

    async def _mark(self) -> None:
        if not self._unmarked:
            return
        moved = await self._outbox.mark(self._unmarked)
        if any(step.stream not in moved for step in self._unmarked):
            self._last_ids = {}  # another relay was at work
        self._unmarked = []
        await reach("relay.after_mark")

    async def _look(self, term: Term) -> None:
        """Find out where the streams stand, and what of what was published is not there any more."""
        found = await self._bus.last_ids(STREAMS)
        known = await self._outbox.last_ids(STREAMS)
        # In this order: we lead after we looked, so nobody else has added to what we found.
        await term.beat()
        steps = [Step(stream, known[stream], found[stream]) for stream in STREAMS if found[stream] != known[stream]]
        if any(parsed(step.after) < parsed(step.before) for step in steps):
            count = await self._outbox.restore(steps, self._handlers)
            self._metrics.bus_lost_data(count)
            _log.warning("Redis has lost entries of the bus; %d events are published again.", count)
        elif steps:
            # A relay before us died between adding and marking. What it added is added again.
            await self._outbox.adopt(steps)
        self._last_ids = dict(found)

    async def _wait(self, stopping: Stopping) -> None:
        await first_of(stopping.wait(), rest(self._news, POLL_SECONDS))

    def _tell(self, waits_for: str) -> None:
        """Log a change, once: an engine that is away for an hour is one line and not thousands."""
        if waits_for and not self.waits_for:
            _log.warning("The relay has to wait: %s", waits_for)
        if self.waits_for and not waits_for:
            _log.info("The relay goes on.")
        self.waits_for = waits_for
