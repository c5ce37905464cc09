"""F2 and R1: a server that is killed while it writes."""

import asyncio

from adapters.failpoints import NAMES
from tests.faults.rig.checking import role_facts, torn
from tests.faults.rig.plan import Scenario
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from tests.faults.rig.writing import Writers, writers

_PLACES = sorted(name for name in NAMES if name.startswith("uow."))
_START_SECONDS = 15.0
"""Until a server that was killed is replaced and ready: starting one takes 2 to 3 s on two cores."""


async def kill_at_each_place(stage: Stage, report: Report) -> None:
    """Kill a server at each place around a commit, at a write that the seed draws."""
    writes = stage.size.pick(smoke=40, card=700, soak=700)
    first = await stage.server()
    async with writers(first.http) as driver:
        await first.stop()
        for place in _PLACES:
            await _write_until_killed(stage, report, driver, place, writes)
        last = await stage.server()
        await driver.write_many(writes)
        report.require(await last.stop() == 0, "the last server did not stop well")
    await _judge(stage, report, driver)


async def _write_until_killed(stage: Stage, report: Report, driver: Writers, place: str, writes: int) -> None:
    hit = stage.random.randint(1, writes)
    server = await stage.server(failpoints=f"{place}=kill@{hit}")
    await driver.write_many(writes)
    report.require(await server.ended() == -9, f"the server outlived {place}")
    report.faults += 1
    stage.say(f"  killed at {place}, write {hit}")


async def kill_under_load(stage: Stage, report: Report) -> None:
    """Kill a server at any moment under 50 writes a second, and start another in its place."""
    server = await stage.server()
    async with writers(server.http) as driver, driver.writing(per_second=50):
        enough = stage.random.randint(20, 100)
        await until(lambda: len(driver.ledger.acknowledged) >= enough, "the load runs")
        await server.kill()
        report.faults += 1
        began = asyncio.get_running_loop().time()
        await stage.server()
        enough = len(driver.ledger.acknowledged) + 20
        await until(lambda: len(driver.ledger.acknowledged) >= enough, "the load runs again")
        report.recovered(asyncio.get_running_loop().time() - began, _START_SECONDS, "taking writes again")
    await _judge(stage, report, driver)


async def _judge(stage: Stage, report: Report, driver: Writers) -> None:
    async with stage.looking() as connection:
        facts = await role_facts(connection)
        misfits = await torn(connection)
    report.judge(driver.ledger, driver.ledger.compare(facts.numbers), partial=facts.partial + len(misfits))
    for misfit in misfits:
        report.require(holds=False, otherwise=misfit)


SCENARIOS = (
    Scenario(
        id="F2",
        promise="the server is killed (SIGKILL, by itself) at every place around a commit: no event without its state, "
        "no state without its event, and nothing acknowledged is lost",
        run=kill_at_each_place,
    ),
    Scenario(
        id="R1",
        promise="the server is killed (`kill -9`) at any moment under 50 writes a second: nothing acknowledged is "
        "lost, no write took place in part",
        run=kill_under_load,
        smoke=3,
        card=20,
        soak=50,
    ),
)
