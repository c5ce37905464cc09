"""J4: two processes that hand jobs to the broker, one of which is killed."""

from tests.faults.rig.plan import Scenario
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.working import READY, jobs, worker

_END_SECONDS = 60.0


async def two_dispatchers(stage: Stage, report: Report) -> None:
    """Have two dispatch 100 jobs, and kill -9 one of them while there are 100 more."""
    async with jobs(stage) as load:
        both = [stage.background(), stage.background()]
        at_work = [worker(stage, load.mail), worker(stage, load.mail)]
        await load.begin((await stage.server()).http)
        for process in at_work:
            await process.says(READY)
        await load.ask(100)
        await load.ended()
        enough = await load.count_ended() + stage.random.randint(5, 40)
        asked = load.asking(100)
        await load.ended_in_all(enough)
        await stage.random.choice(both).kill()
        report.faults += 1
        await asked
        report.recovered(await load.ended(), _END_SECONDS, "ending every job")
        await load.welcomed()
        again = [row for row in await load.rows() if row.attempts > 1]
        report.require(not again, f"{len(again)} jobs were begun again")
        await load.judge(report)


SCENARIOS = (
    Scenario(
        id="J4",
        promise="two processes dispatch, and one is killed (`kill -9`) at any moment: each job is begun once, all have "
        f"ended within {_END_SECONDS:g} s, each effect takes place once",
        run=two_dispatchers,
        smoke=0,
    ),
)
