"""F1 and R2: background work that is killed, at the relay's own places and at any moment."""

import time

from tests.faults.rig.pipeline import Pipeline, pipeline
from tests.faults.rig.plan import Scenario
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from workers.relay import BATCH

_PLACES = ("relay.before_xadd", "relay.after_xadd", "relay.after_mark")
_CATCH_UP_SECONDS = 5.0
"""From the start of a process to replace the killed one, until all that was there by then is handled."""
_RATE = 200.0


async def kill_at_each_place(stage: Stage, report: Report) -> None:
    """Kill background work between commit and XADD, between XADD and mark, and after it, while events pour in."""
    share = stage.size.pick(smoke=1_000, card=5_000, soak=5_000)
    async with pipeline(stage) as load:
        for place in _PLACES:
            await _pour_until_killed(stage, report, load, place, share)
        last = stage.background()
        await load.append(share)
        await load.caught_up()
        report.require(await last.stop() == 0, "the last process did not stop well")
        await load.judge_effects(report)
        repeats = await load.judge_bus(report)
    report.require(repeats <= BATCH * len(_PLACES), f"{repeats} repeats after {len(_PLACES)} kills")


async def _pour_until_killed(stage: Stage, report: Report, load: Pipeline, place: str, share: int) -> None:
    hit = stage.random.randint(1, share // BATCH)
    doomed = stage.background(failpoints=f"{place}=kill@{hit}")
    await load.append(share)
    report.require(await doomed.ended() == -9, f"background work outlived {place}")
    report.faults += 1
    stage.say(f"  killed at {place}, batch {hit}")
    began, mark = time.monotonic(), await load.mark()
    sound = stage.background()
    await load.caught_up(mark)
    report.recovered(time.monotonic() - began, _CATCH_UP_SECONDS, f"catching up after {place}")
    await sound.stop()


async def kill_at_any_moment(stage: Stage, report: Report) -> None:
    """Kill background work again and again under 200 events a second, each time before it is long at work."""
    kills = stage.size.pick(smoke=5, card=40, soak=200)
    async with pipeline(stage) as load, load.appending(_RATE):
        process = stage.background()
        await load.caught_up()
        for _ in range(kills):
            await load.more(stage.random.randint(1, 200))
            await process.kill()
            report.faults += 1
            began, mark = time.monotonic(), await load.mark()
            process = stage.background()
            await load.caught_up(mark)
            report.recoveries.append(time.monotonic() - began)
    await load.caught_up()
    slowest = sorted(report.recoveries)[int(len(report.recoveries) * 0.95)]
    report.within(slowest, _CATCH_UP_SECONDS, "catching up (p95)")
    await load.judge_effects(report)
    await load.judge_bus(report)


SCENARIOS = (
    Scenario(
        id="F1",
        promise="background work is killed (SIGKILL, by itself) between commit and XADD, between XADD and mark, and "
        f"after it: nothing is lost, each effect takes place once, at most {BATCH} deliveries a kill are repeats, and "
        f"{_CATCH_UP_SECONDS:g} s after the start of another process it has caught up",
        run=kill_at_each_place,
    ),
    Scenario(
        id="R2",
        promise=f"background work is killed (`kill -9`) at any moment under {_RATE:g} events a second, over and over: "
        "nothing is lost, each effect takes place once, in 95 % of the cases another process has caught up "
        f"{_CATCH_UP_SECONDS:g} s after its start",
        run=kill_at_any_moment,
    ),
)
