"""The way of events: to the store, to the bus, and to what they lead to."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identity.events import SessionRefreshed
from domain.practice.events import ConversationStarted
from workers.consumer_group import MOST_ENTRIES
from workers.handler import Occurrence
from workers.relay import BATCH

from .event_store import EventStore, event_store
from .figures import Figure, median, median_ratio, percentile
from .plan import Plan
from .table import Table, number

NOTE = """\
On all cores, over engines of their own; writers, relay and handlers are one process. Publishing: from the outbox to
Redis, marked as published, one event at a time and up to 500. Handling: from Redis to the practice record's rows,
acknowledged, one entry at a time and up to 500; each event is of another conversation. Appending: transactions of one
event, each writer to a chain of its own. Commit to handler: from the return of the commit to the writing of the effect,
with all handlers at work; idle one event after the other, busy 200 a second."""

_A_SECOND = 200
_BUSY_LOADS = 2
"""How many times as long as other loads it lasts: 200 a second are few for a percentile."""
_FEWER = 10
"""One by one takes longer, so there are so many times fewer."""
_WRITERS = 8
_HANDLED_WITHIN = 60.0

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from commit to handler."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Round:
    """Events per second, and latencies."""

    published: float
    published_singly: float
    handled: float
    handled_singly: float
    appended_by_one: float
    appended_by_many: float
    idle: Latency
    busy: Latency


@dataclass(frozen=True, slots=True)
class Moved:
    """All rounds."""

    rounds: tuple[Round, ...]

    @property
    def publish_ratio(self) -> Figure:
        """How many times as many events a second are published in batches as one by one."""
        return median_ratio([each.published for each in self.rounds], [each.published_singly for each in self.rounds])

    @property
    def handle_ratio(self) -> Figure:
        """How many times as many events a second are handled in batches as one by one."""
        return median_ratio([each.handled for each in self.rounds], [each.handled_singly for each in self.rounds])

    def of(self, figure: Callable[[Round], float]) -> Figure:
        """Return the rounds' median of a figure."""
        return median([figure(each) for each in self.rounds])


@dataclass(slots=True)
class Probe:
    """A handler that notes when it had each event."""

    name = "bench_probe"
    aggregates = frozenset({"session"})
    wants_personal = False
    handled: dict[tuple[UUID, int], asyncio.Future[float]] = field(default_factory=dict)

    def expect(self, event: SessionRefreshed) -> asyncio.Future[float]:
        """Return what will be the moment at which the event is handled."""
        return self.handled.setdefault(_key(event), asyncio.get_running_loop().create_future())

    def change(self, occurrence: Occurrence) -> object:
        """Return which event it was."""
        event = occurrence.event()
        return _key(event) if isinstance(event, SessionRefreshed) else None

    async def write(self, _connection: AsyncConnection, changes: Sequence[Any]) -> None:
        """Note the moment."""
        now = time.perf_counter()
        for each in changes:
            if each in self.handled:
                self.handled[each].set_result(now)


def _key(event: SessionRefreshed) -> tuple[UUID, int]:
    return event.session_id, event.generation


async def move_events(plan: Plan, folder: Path) -> Moved:
    """Measure everything, round by round. Raises EnginesFailed, and TimeoutError when an event is not handled."""
    async with event_store(folder) as store:
        await _round(plan, store)  # the first finds everything cold
        return Moved(tuple([await _round(plan, store) for _ in range(plan.rounds)]))


async def _round(plan: Plan, store: EventStore) -> Round:
    many, few = plan.calls // 2, plan.calls // 2 // _FEWER
    await _happen(store, many)
    published = await _rate(many, lambda: store.publish(BATCH))
    handled = await _rate(many, lambda: store.consume(MOST_ENTRIES))
    await _happen(store, few)
    published_singly = await _rate(few, lambda: store.publish(1))
    handled_singly = await _rate(few, lambda: store.consume(1))
    by_one, by_many = [await _append(plan.load_seconds, store, writers) for writers in (1, _WRITERS)]
    await store.publish(BATCH)
    idle, busy = await _latencies(plan, store)
    return Round(published, published_singly, handled, handled_singly, by_one, by_many, idle, busy)


async def _happen(store: EventStore, count: int) -> None:
    """Commit so many events, each of another conversation."""
    begun = [ConversationStarted(conversation_id=uuid4(), user_id=uuid4(), scenario_id="a-berth") for _ in range(count)]
    for first in range(0, count, 100):
        await store.record(*begun[first : first + 100])


async def _rate(count: int, work: Work) -> float:
    began = time.perf_counter()
    await work()
    return count / (time.perf_counter() - began)


async def _append(seconds: float, store: EventStore, writers: int) -> float:
    end = time.perf_counter() + seconds

    async def write() -> int:
        session, count = uuid4(), 0
        while time.perf_counter() < end:
            count += 1
            await store.record(SessionRefreshed(session_id=session, generation=count))
        return count

    return sum(await asyncio.gather(*(write() for _ in range(writers)))) / seconds


async def _latencies(plan: Plan, store: EventStore) -> tuple[Latency, Latency]:
    probe = Probe()
    async with store.in_the_background(probe), asyncio.timeout(_HANDLED_WITHIN):
        await _seconds_to_handle(store, probe, uuid4(), 1)
        await store.quiet()  # after what the last measurement has left
        idle = [await _seconds_to_handle(store, probe, uuid4(), 1) for _ in range(plan.messages)]
        busy = await _steadily(plan.load_seconds * _BUSY_LOADS, store, probe)
    return _latency(idle), _latency(busy)


async def _steadily(seconds: float, store: EventStore, probe: Probe) -> list[float]:
    """Commit at a steady rate, however long each takes, to fifty streams in turn."""
    began, sessions, tasks = time.perf_counter(), [uuid4() for _ in range(50)], []
    for nth in range(int(seconds * _A_SECOND)):
        await asyncio.sleep(max(0.0, began + nth / _A_SECOND - time.perf_counter()))
        session = sessions[nth % len(sessions)]
        tasks.append(asyncio.create_task(_seconds_to_handle(store, probe, session, nth)))
    return await asyncio.gather(*tasks)


async def _seconds_to_handle(store: EventStore, probe: Probe, session: UUID, generation: int) -> float:
    event = SessionRefreshed(session_id=session, generation=generation)
    handled = probe.expect(event)
    await store.record(event)
    committed = time.perf_counter()
    return await handled - committed


def _latency(seconds: Sequence[float]) -> Latency:
    return Latency(percentile(seconds, 50) * 1000, percentile(seconds, 99) * 1000)


def events_table(measured: Moved) -> Table:
    """Return what was measured."""
    rates: dict[str, Callable[[Round], float]] = {
        "publishing, events/s": lambda each: each.published,
        "publishing one by one, events/s": lambda each: each.published_singly,
        "handling, events/s": lambda each: each.handled,
        "handling one by one, events/s": lambda each: each.handled_singly,
        "appending, 1 writer, events/s": lambda each: each.appended_by_one,
        f"appending, {_WRITERS} writers, events/s": lambda each: each.appended_by_many,
    }
    times: dict[str, Callable[[Round], float]] = {
        "commit to handler, idle, p50 ms": lambda each: each.idle.p50,
        "commit to handler, idle, p99 ms": lambda each: each.idle.p99,
        f"commit to handler, {_A_SECOND} events/s, p50 ms": lambda each: each.busy.p50,
        f"commit to handler, {_A_SECOND} events/s, p99 ms": lambda each: each.busy.p99,
    }
    rows = [(name, number(measured.of(figure))) for name, figure in rates.items()]
    rows += [(name, number(measured.of(figure), 1)) for name, figure in times.items()]
    return Table("Events", ("", "median"), tuple(rows), NOTE)
