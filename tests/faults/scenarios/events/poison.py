"""F11 and R35: events that no handler can handle, among those that it can."""

import asyncio
import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Collection
from uuid import UUID

from sqlalchemy import text

from domain.shared.events import Event
from tests.faults.rig.pipeline import CONVERSATIONS, Pipeline, pipeline
from tests.faults.rig.plan import Scenario
from tests.faults.rig.poison import KINDS, raising
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage

_RATE = 200.0
_EVERY = 0.5
"""Seconds between two poisoned events: one in a hundred."""
_THROUGHPUT = 0.9
_HANDLERS = 2
"""Handlers that want each of these events."""

Kind = Callable[[UUID], Event]

_DEAD = text("SELECT handler, reason, tries, count(*) AS letters FROM dead_letter GROUP BY 1, 2, 3")


async def one_in_a_hundred(stage: Stage, report: Report) -> None:
    """Append events at a rate, and one in a hundred that is poison, of four kinds by turns."""
    seconds = stage.size.pick(smoke=6, card=30, soak=30)
    async with pipeline(stage) as load:
        process = stage.background()
        await load.caught_up()
        plain = await _share_handled(load, seconds)
        poisoned, share = await _with_poison(stage, load, seconds)
        report.faults += len(poisoned)
        report.require(
            share >= _THROUGHPUT * plain, f"{share:.0%} of the rest were handled in time, {plain:.0%} before"
        )
        report.notes.append(
            f"run {report.runs}: at {_RATE:g} events a second {plain:.1%} were handled as they came without poison, "
            f"{share:.1%} of the others with it"
        )
        await load.caught_up()
        expected = Counter[tuple[str, str, int]]()
        for kind in poisoned:
            expected.update(KINDS[kind])
        await load.judge_effects(report, dead=sum(expected.values()))
        async with stage.looking() as connection:
            rows = (await connection.execute(_DEAD)).all()
        found = Counter({(row.handler, row.reason, row.tries): row.letters for row in rows})
        report.require(found == expected, f"dead letters {dict(found)}, and they should be {dict(expected)}")
        report.require(await process.stop() == 0, "background work did not stop well")


async def _with_poison(stage: Stage, load: Pipeline, seconds: float) -> tuple[list[Kind], float]:
    free = stage.random.sample(range(1, CONVERSATIONS + 1), int(seconds / _EVERY))
    poisoned: list[Kind] = []
    held: set[str] = set()

    async def add_poison() -> None:
        for kind, number in zip(itertools.cycle(KINDS), free, strict=False):
            event = kind(UUID(int=number))
            async with stage.work() as work:
                work.record(event)
                await work.commit()
            poisoned.append(kind)
            if kind is raising:
                held.add(event.stream_id)
            await asyncio.sleep(_EVERY)  # paces the poison

    adding = asyncio.create_task(add_poison())
    share = await _share_handled(load, seconds, held)
    await adding
    return poisoned, share


async def _share_handled(load: Pipeline, seconds: float, without: Collection[str] = frozenset()) -> float:
    """Return which share of a load's events was handled by the time it ended; streams that wait are not counted."""
    before = len(load.ledger.acknowledged)
    async with load.appending(_RATE):
        await asyncio.sleep(seconds)  # paces the load
    appended = len(load.ledger.acknowledged) - before
    mark = await load.mark()
    heads = {stream: version for stream, version in mark.heads.items() if stream not in without}
    async with load.stage.looking() as connection:
        behind = await dataclasses.replace(mark, heads=heads).behind(connection)
    return max(0.0, 1 - behind / _HANDLERS / appended)


SCENARIOS = (
    Scenario(
        id="F11",
        promise="one event in a hundred is poison (its handler raises, its payload is broken, its type is unknown, it "
        "has 5 MB): each is a dead letter, after exactly 5 tries or at once where it cannot be read; the next events "
        f"of its aggregate flow, and the throughput of the rest is at least {_THROUGHPUT:.0%}",
        run=one_in_a_hundred,
        smoke=0,  # five tries take half a minute
    ),
)
