"""F5, F6 and R3: consumers that are killed or stopped while they have events in hand."""

import time

from adapters.bus.keys import bus_key
from tests.faults.rig.pipeline import Pipeline, pipeline
from tests.faults.rig.plan import Scenario, Size
from tests.faults.rig.processes import Process
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from workers.consumer_group import TAKEN_OVER_AFTER

_PLACES = ("consumer.before_effect", "consumer.before_commit", "consumer.after_commit")
_RUNS = "background runs"
_TAKEOVER_SECONDS = 35.0
_RATE = 100.0


async def kill_at_each_place(stage: Stage, report: Report) -> None:
    """Kill a consumer before its effect, before its commit and before its XACK; another one is there, or comes."""
    waits_for_another = stage.size is not Size.SMOKE
    async with pipeline(stage) as load:
        other = await _ready(stage) if waits_for_another else None
        for place in _PLACES:
            await _append_until_killed(stage, report, load, place)
            began = time.monotonic()
            other = other or stage.background()
            await load.caught_up()
            report.recovered(time.monotonic() - began, _TAKEOVER_SECONDS, f"taking over after {place}")
            if not waits_for_another:
                await other.stop()
                other = None
    await load.judge_effects(report)
    await load.judge_bus(report)


async def _append_until_killed(stage: Stage, report: Report, load: Pipeline, place: str) -> None:
    doomed = stage.background(failpoints=f"{place}=kill@{stage.random.randint(3, 20)}")
    await doomed.says(_RUNS)
    async with load.appending(_RATE):
        report.require(await doomed.ended() == -9, f"the consumer outlived {place}")
    report.faults += 1
    stage.say(f"  killed at {place}")


async def kill_beside_another(stage: Stage, report: Report) -> None:
    """Kill -9 one of two consumers at any moment while both are at work."""
    async with pipeline(stage) as load:
        await _ready(stage)
        doomed = await _ready(stage, failpoints="consumer.before_commit=delay:0.1")
        async with load.appending(_RATE):
            await load.more(stage.random.randint(50, 250))
            await doomed.kill()
            report.faults += 1
        report.recovered(await load.caught_up(), _TAKEOVER_SECONDS, "taking over")
        await load.judge_effects(report)


async def stop_in_mid_transaction(stage: Stage, report: Report) -> None:
    """SIGSTOP a consumer before its commit for longer than entries wait for it, and wake it when another is through."""
    async with pipeline(stage) as load:
        zombie = await _ready(stage, failpoints=f"consumer.before_commit=pause@{stage.random.randint(3, 20)}")
        sound = await _ready(stage)
        async with load.appending(_RATE):
            await zombie.is_paused()
        report.faults += 1
        began = time.monotonic()
        await load.caught_up()
        await until(lambda: _nothing_is_owed(stage), "the stopped consumer's entries are taken over", 60.0)
        seconds = time.monotonic() - began
        report.recovered(seconds, _TAKEOVER_SECONDS, "taking over")
        report.require(seconds > TAKEN_OVER_AFTER - 5, "nothing was in the stopped consumer's hands")
        zombie.resume()
        async with load.appending(_RATE):
            await load.more(100)
        await load.caught_up()
        await load.judge_effects(report)
        for process in (zombie, sound):
            report.require(await process.stop() == 0, "a consumer did not stop well")


async def _nothing_is_owed(stage: Stage) -> bool:
    """Whether every entry that was delivered is acknowledged."""
    async with stage.redis() as client:
        groups = await client.xinfo_groups(bus_key("practice"))
    return all(group["pending"] == 0 for group in groups)


async def _ready(stage: Stage, **settings: object) -> Process:
    process = stage.background(**settings)
    await process.says(_RUNS)
    return process


SCENARIOS = (
    Scenario(
        id="F5",
        promise="a consumer is killed (SIGKILL, by itself) before its effect, before its commit and before its XACK: "
        f"another has handled all within {_TAKEOVER_SECONDS:g} s, each effect takes place once",
        run=kill_at_each_place,
    ),
    Scenario(
        id="F6",
        promise=f"a consumer is stopped (SIGSTOP) in a transaction for more than {TAKEN_OVER_AFTER:g} s: another has "
        f"handled all within {_TAKEOVER_SECONDS:g} s; when it wakes up, its commit is refused and each effect takes "
        "place once",
        run=stop_in_mid_transaction,
        smoke=0,
    ),
    Scenario(
        id="R3",
        promise="one of two consumers is killed (`kill -9`) at any moment while both are at work: the other has "
        f"handled all within {_TAKEOVER_SECONDS:g} s, each effect takes place once",
        run=kill_beside_another,
        smoke=0,
        card=3,
        soak=10,
    ),
)
