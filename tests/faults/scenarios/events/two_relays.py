"""F14: two processes that could both relay, of which one does; it is killed, and it is stopped."""

from sqlalchemy import text

from tests.faults.rig.pipeline import Pipeline, pipeline
from tests.faults.rig.plan import Scenario
from tests.faults.rig.processes import Process
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until

_TAKEOVER_SECONDS = 5.0
"""After `kill -9`: Postgres sees the connection end."""
_DEPOSING_SECONDS = 10.0
"""After SIGSTOP: five seconds without a beat, and what finding that out takes."""
_RATE = 200.0
_LEADS = "This process leads relay"

_LEADERS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)"
    " WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND application_name = 'fluentpro relay'"
    " AND datname = current_database()"
)


async def leader_killed_and_stopped(stage: Stage, report: Report) -> None:
    """Start two; kill -9 who leads, replace it, stop who leads, and wake it when the other has taken over."""
    async with pipeline(stage) as load, load.appending(_RATE):
        first, second = await _two(stage)
        await load.more(100)
        await first.kill()
        report.faults += 1
        report.recovered(await _publishing_again(load), _TAKEOVER_SECONDS, "publishing after a kill")
        await _one_leads(stage, report)

        third = await _ready(stage)
        second.pause()
        report.faults += 1
        report.recovered(await _publishing_again(load), _DEPOSING_SECONDS, "publishing after a stop")
        report.require(_LEADS in third.log, "the third process does not lead")
        second.resume()
        await second.says("does not lead relay any more")
        await load.more(100)
        await _one_leads(stage, report)
    await load.caught_up()
    await load.judge_effects(report)
    await load.judge_bus(report)


async def _two(stage: Stage) -> tuple[Process, Process]:
    """Return two that run, the one that leads before the other."""
    first = await _ready(stage)
    await first.says(_LEADS)
    second = await _ready(stage)
    return first, second


async def _ready(stage: Stage) -> Process:
    process = stage.background()
    await process.says("background runs")
    return process


async def _publishing_again(load: Pipeline) -> float:
    """Return once what there is now is on the bus: the seconds that took."""
    await load.more(20)
    upto = (await load.mark()).position

    async def is_published() -> bool:
        async with load.stage.looking() as connection:
            query = text("SELECT count(*) FROM outbox WHERE published_at IS NULL AND position <= :upto")
            return int((await connection.execute(query, {"upto": upto})).scalar_one()) == 0

    return await until(is_published, "what waited is on the bus")


async def _one_leads(stage: Stage, report: Report) -> None:
    async with stage.looking() as connection:
        leaders = (await connection.execute(_LEADERS)).scalar_one()
    report.require(leaders == 1, f"{leaders} processes lead the relay")


SCENARIOS = (
    Scenario(
        id="F14",
        promise="of two processes one relays. It is killed (`kill -9`), and the other publishes within "
        f"{_TAKEOVER_SECONDS:g} s; it is stopped (SIGSTOP), and the other publishes within {_DEPOSING_SECONDS:g} s, "
        "whatever the first one does when it wakes up. No event is lost, none comes before an earlier one of its "
        "aggregate",
        run=leader_killed_and_stopped,
    ),
)
