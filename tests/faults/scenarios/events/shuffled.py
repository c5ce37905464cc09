"""F7: a bus that delivers everything three times and out of order."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from adapters.bus.keys import bus_key
from domain.onboarding.events import OnboardingReset, OnboardingStarted, StepCompleted
from domain.onboarding.steps import Step
from domain.shared.events import Event
from tests.faults.rig.pipeline import Pipeline, pipeline, turn_fact
from tests.faults.rig.plan import Scenario
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage

_TIMES = 3
_WINDOW = 50
_LEARNERS = 20

_PROJECTIONS = ("audit_search", "onboarding_record", "practice_record")
_WITHOUT_RELAY = "relay.before_xadd=error"
"""What the relay would publish is published here, in another way."""


async def thrice_and_shuffled(stage: Stage, report: Report) -> None:
    """Deliver entries thrice and shuffled to two processes; make everything anew in order, and compare the rows."""
    windows = stage.size.pick(smoke=6, card=60, soak=60)
    async with pipeline(stage) as load:
        processes = [stage.background(failpoints=_WITHOUT_RELAY) for _ in range(2)]
        for process in processes:
            await process.says("background runs")
        for _ in range(windows):
            await _deliver(stage, await _append(stage, load))
            report.faults += _TIMES * _WINDOW
        await load.handled()  # and not: published, as nothing is
        shuffled = await _rows(stage)
        for process in processes:
            await process.stop()
        await _forget(stage)
        stage.background()
        await load.caught_up()
        await load.judge_effects(report)
    in_order = await _rows(stage)
    for name in _PROJECTIONS:
        report.require(len(in_order[name]) > 0, f"{name} has no rows")
        report.require(shuffled[name] == in_order[name], f"the rows of {name} differ")


async def _append(stage: Stage, load: Pipeline) -> list[str]:
    """Append a window of events of every kind, and return their streams."""
    chance = stage.random
    learners = [UUID(int=chance.randint(1, _LEARNERS)) for _ in range(_WINDOW // 2)]
    others = [_onboarding_event(stage, user_id) for user_id in learners]
    async with stage.work() as work:
        work.record(*others)
        await work.commit()
    first = len(load.ledger.attempts)
    await load.append(_WINDOW - len(others))
    turns = [turn_fact(attempt.number) for attempt in load.ledger.attempts[first:]]
    return [event.stream_id for event in (*others, *turns)]


def _onboarding_event(stage: Stage, user_id: UUID) -> Event:
    step = StepCompleted(user_id=user_id, step=stage.random.choice(list(Step)))
    return stage.random.choice((OnboardingStarted(user_id=user_id), OnboardingReset(user_id=user_id), step))


async def _deliver(stage: Stage, streams: Sequence[str]) -> None:
    entries = [*streams] * _TIMES
    stage.random.shuffle(entries)
    async with stage.redis() as client:
        for stream_id in entries:
            area = "practice" if stream_id.startswith("conversation-") else "onboarding"
            await client.xadd(bus_key(area), {"stream_id": stream_id})


async def _rows(stage: Stage) -> dict[str, list[str]]:
    """Return the rows of each projection, as text and in order."""
    async with stage.looking() as connection:
        return {
            name: list((await connection.execute(text(f"SELECT t::text FROM {name} AS t ORDER BY 1"))).scalars())
            for name in _PROJECTIONS
        }


async def _forget(stage: Stage) -> None:
    """Have nothing handled, and nothing delivered."""
    await stage.engines.flush_valkey()
    tables = ", ".join((*_PROJECTIONS, "handler_position", "handler_watermark", "bus_stream"))
    async with stage.connections.transaction() as connection:
        await connection.execute(text(f"TRUNCATE {tables}"))
        await connection.commit()


SCENARIOS = (
    Scenario(
        id="F7",
        promise=f"every entry is delivered {_TIMES} times and shuffled within {_WINDOW}, to two processes: the rows of "
        "every projection are, byte by byte, those of a run in order",
        run=thrice_and_shuffled,
        smoke=0,
    ),
)
