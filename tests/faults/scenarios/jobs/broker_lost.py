"""R9, J1 and J3: a broker that goes away with jobs, that swallows them, and that hands them out again."""

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

from tests.faults.rig.plan import Scenario
from tests.faults.rig.processes import Process
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from tests.faults.rig.working import READY, Jobs, jobs, worker
from tests.faults.rig.writing import writers

_BACK_SECONDS = 60.0
"""Until a job that the broker lost is sent again and done."""
_API_SECONDS = 2.0
_DETECT_SECONDS = 10.0
_RESUME_SECONDS = 30.0
_OUTAGE_SECONDS = 15.0


async def broker_half_open(stage: Stage, report: Report) -> None:
    """Have the network swallow a job on its way to a worker, then everything between anybody and Redis; mend it."""
    to_workers, workers_url = await stage.proxy_of_valkey()
    to_others, others_url = await stage.proxy_of_valkey()
    async with jobs(stage) as load:
        background = stage.background(redis_url=others_url)
        at_work = worker(stage, load.mail, redis_url=workers_url)
        server = await stage.server(redis_url=others_url)
        await at_work.says(READY)
        await load.begin(server.http)
        await load.ask(10)
        await load.ended()
        await load.welcomed()

        await to_workers.swallow()
        report.faults += 1
        began = time.monotonic()
        swallowed = await load.ask(4)
        await until(lambda: _are_sent(load), "the jobs are sent")
        told = len(background.log)
        await to_others.swallow()
        report.faults += 1
        await _judge_outage(report, load, server, background, told)
        await asyncio.sleep(_OUTAGE_SECONDS)  # paces: the outage is the fault
        await to_workers.restore()
        await to_others.restore()
        mended = time.monotonic()
        await load.ended(swallowed)
        report.recovered(time.monotonic() - began, _BACK_SECONDS, "ending what was swallowed")
        fresh = await load.ask(10)
        await load.ended(fresh)
        report.recovered(time.monotonic() - mended, _RESUME_SECONDS, "resuming")
        await load.welcomed()
        report.require(at_work.exit_code is None, "the worker has ended")
        await load.judge(report)


async def _are_sent(load: Jobs) -> bool:
    rows = await load.rows()
    return all(row.is_sent for row in rows if row.state == "queued")


async def _judge_outage(report: Report, load: Jobs, server: Process, background: Process, told: int) -> None:
    """While Redis swallows everything: learners notice nothing, and the consumers say that they wait."""
    began = time.monotonic()
    async with writers(server.http, count=2) as driver:
        load.learners += 2
        await driver.write_many(20)
        await load.ask(20)
        attempts = [*driver.ledger.since(began), *load.ledger.since(began)]
    refused = len(driver.ledger.attempts) - len(driver.ledger.acknowledged)
    report.require(refused == 0, f"{refused} writes failed: {driver.ledger.summary()}")
    report.within(max(attempt.seconds for attempt in attempts), _API_SECONDS, "the longest call during the outage")
    waits = await until(lambda: "has to wait" in background.log[told:], "somebody says that it waits", 60.0)
    report.within(waits, _DETECT_SECONDS, "noticing the outage")


async def redis_restarted(stage: Stage, report: Report) -> None:
    """Kill Valkey under 200 jobs and start it from its append-only file; kill it again and start it empty."""
    valkey = stage.engines.valkey
    async with jobs(stage) as load:
        stage.background()
        slow = {"failpoints": "job.after_claim=delay:0.1"}
        at_work = [worker(stage, load.mail, **slow), worker(stage, load.mail, **slow)]
        await load.begin((await stage.server()).http)
        for process in at_work:
            await process.says(READY)
        await load.ask(200)
        for is_kept in (True, False):
            await load.more_ended(stage.random.randint(10, 50))
            await valkey.kill()
            if not is_kept:
                await valkey.wipe()
            await valkey.start()
            report.faults += 1
        report.recovered(await load.ended(), _BACK_SECONDS, "ending every job")
        await load.welcomed()
        report.require(all(process.exit_code is None for process in at_work), "a worker has ended")
        await load.judge(report)


async def handed_out_again(stage: Stage, report: Report) -> None:
    """Have Redis hand out again what has not been acknowledged for a second, where jobs last for four."""
    async with jobs(stage) as load:
        stage.background()
        lasting = {"failpoints": "job.before_finish=delay:4"}
        hasty = stage.run("-m", "tests.faults.rig.hasty_broker", **load.mail.settings, **lasting)
        await load.begin((await stage.server()).http)
        await hasty.says(READY)
        asked = await load.ask(2)
        await load.ended()
        await load.welcomed()
        await until(lambda: _received(hasty, asked) > len(asked), "a job is handed out again")
        report.faults += _received(hasty, asked) - len(asked)
        rows = await load.rows()
        report.require(all(row.attempts == 1 for row in rows), "a job was begun again")
        await load.judge(report)


def _received(process: Process, asked: Sequence[UUID]) -> int:
    return sum(process.log.count(f"{id_}] received") for id_ in asked)


SCENARIOS = (
    Scenario(
        id="J1",
        promise="Redis is killed and restarted, with its data and then without, while 200 jobs run: all have ended "
        f"{_BACK_SECONDS:g} s later, nothing is lost, each effect takes place once, and the workers go on",
        run=redis_restarted,
        smoke=0,
    ),
    Scenario(
        id="J3",
        promise="Redis hands jobs out again that last longer than the broker waits for them: none is begun again, each "
        "effect takes place once",
        run=handed_out_again,
        smoke=0,
    ),
    Scenario(
        id="R9",
        promise="the network to the broker is half-open (connections stand, every byte is lost): calls end within "
        f"{_API_SECONDS:g} s, the consumers notice within {_DETECT_SECONDS:g} s, a job that was swallowed is done "
        f"within {_BACK_SECONDS:g} s, and {_RESUME_SECONDS:g} s after it is mended new jobs are; nothing is lost",
        run=broker_half_open,
        smoke=0,
    ),
)
