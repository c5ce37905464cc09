"""R4, R5 and J2: workers that die with jobs in hand."""

from tests.faults.rig.plan import Scenario
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from tests.faults.rig.working import READY, Jobs, jobs, worker

_PLACES = ("job.after_claim", "job.before_finish", "job.after_finish")
_ELSEWHERE_SECONDS = 60.0
_CRASHES = 3


async def group_killed(stage: Stage, report: Report) -> None:
    """Kill -9 one of two workers, with the processes of its pool, while all of them have jobs in hand."""
    async with jobs(stage) as load:
        stage.background()
        slow = {"failpoints": "job.before_finish=delay:0.2"}
        doomed, sound = worker(stage, load.mail, **slow), worker(stage, load.mail, **slow)
        await load.begin((await stage.server()).http)
        for process in (doomed, sound):
            await process.says(READY)
        await load.ask(60)
        await load.more_ended(stage.random.randint(5, 25))
        await doomed.kill()
        report.faults += 1
        report.recovered(await load.ended(), _ELSEWHERE_SECONDS, "ending its jobs elsewhere")
        await load.welcomed()
        report.require(any(row.crashes for row in await load.rows()), "nothing was in the killed worker's hands")
        await load.judge(report)


async def children_die(stage: Stage, report: Report) -> None:
    """Have the process of a worker's pool die each time it has a job, as when there is never enough memory."""
    async with jobs(stage) as load:
        stage.background()
        deadly = worker(stage, load.mail, queues="practice", failpoints="job.after_claim=kill")
        await load.begin((await stage.server()).http, learners=1)
        [poison] = await load.ask(1)
        await load.ended()
        report.faults += _CRASHES
        [row] = await load.rows()
        end = (row.state, row.failure_reason, row.attempts)
        report.require(end == ("failed", "CRASHED", _CRASHES), f"it ended as {end}")
        report.require(await deadly.stop() == 0, "the worker did not outlive its processes")
        worker(stage, load.mail)
        await load.ask(10)
        await load.ended()
        await load.welcomed()
        await load.judge(report, failed=[poison])


async def killed_at_each_place(stage: Stage, report: Report) -> None:
    """Kill a worker after it took a job, before it ends it, and after; and one whose mail was taken a moment ago."""
    async with jobs(stage) as load:
        stage.background()
        hits = [stage.random.randint(1, 3) for _ in _PLACES]
        doomed = [
            worker(stage, load.mail, 1, queues="practice", failpoints=f"{place}=pause@{hit}")
            for place, hit in zip(_PLACES, hits, strict=True)
        ]
        load.mail.hold()
        doomed.append(worker(stage, load.mail, 1, queues="identity"))
        await load.begin((await stage.server()).http)
        await load.ask(30)
        for process in doomed[:-1]:
            await process.is_paused()
        await until(lambda: load.mail.taken, "a mail is on its way")
        for process in doomed:
            await process.kill()
        load.mail.release()
        report.faults += len(doomed)
        stage.say(f"  killed at {', '.join(f'{place} {hit}' for place, hit in zip(_PLACES, hits, strict=True))}")
        worker(stage, load.mail)
        report.recovered(await load.ended(), _ELSEWHERE_SECONDS, "ending their jobs elsewhere")
        await load.welcomed()
        await _judge_places(report, load)


async def _judge_places(report: Report, load: Jobs) -> None:
    """Only what had no end yet was begun again."""
    rows = await load.rows()
    again = sum(row.attempts > 1 for row in rows)
    report.require(again == len(_PLACES) - 1, f"{again} jobs were begun again")
    await load.judge(report)
    report.require(report.duplicates >= report.runs, "no mail was sent again")


SCENARIOS = (
    Scenario(
        id="J2",
        promise="a worker is killed (`kill -9`) after it took a job, before the job's end, after it, and when its mail "
        f"was taken a moment ago: another has ended all jobs within {_ELSEWHERE_SECONDS:g} s, nothing is lost, each "
        "effect takes place once, a mail at most twice and then with the same Message-ID",
        run=killed_at_each_place,
    ),
    Scenario(
        id="R4",
        promise="one of two workers is killed (`kill -9`, the whole group) at any moment while both are at work: the "
        f"other has ended all jobs within {_ELSEWHERE_SECONDS:g} s, each effect takes place once",
        run=group_killed,
        smoke=0,
    ),
    Scenario(
        id="R5",
        promise=f"a job's process dies each time: after {_CRASHES} crashes the job has failed (CRASHED) and is left "
        "alone; the worker lives, and other jobs are done",
        run=children_die,
        smoke=0,
    ),
)
