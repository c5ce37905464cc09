"""F17: consumers of one release get events of another."""

from sqlalchemy import text

from domain.shared.events import Event
from tests.faults.rig.next_release import on_device
from tests.faults.rig.pipeline import Pipeline, pipeline, turn_fact
from tests.faults.rig.plan import Scenario
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until

_EVENTS = 100
_NEWER = 3
"""Events of the next release that come too early: each is retried by a command, which takes a second or two."""

_DEAD = text("SELECT id, handler, reason, tries FROM dead_letter WHERE state = 'dead'")
_OPEN = text("SELECT count(*) FROM dead_letter WHERE state <> 'resolved'")


def _newer_fact(number: int) -> Event:
    return on_device(turn_fact(number))


async def mixed(stage: Stage, report: Report) -> None:
    """Give this release events of the next one, then the next one those of this; have the first ones tried again."""
    async with pipeline(stage) as load:
        this = stage.background()
        await load.append(_NEWER, _newer_fact)
        await load.append(_EVENTS)
        await load.caught_up()
        report.faults += _NEWER
        letters = await _too_new(stage, report)
        report.require(await this.stop() == 0, "this release did not stop well")

        following = stage.run("-m", "tests.faults.rig.next_release", "background")
        await following.says("background runs")
        await load.append(_EVENTS)
        await load.append(_EVENTS, _newer_fact)
        await load.caught_up()
        report.faults += 2 * _EVENTS
        await _retried(stage, load, letters)
        await load.judge_effects(report)
        await load.judge_bus(report)
        report.require(await following.stop() == 0, "the next release did not stop well")


async def _too_new(stage: Stage, report: Report) -> list[str]:
    """Return the ids of the dead letters, which must be those of the events that this release does not know."""
    async with stage.looking() as connection:
        letters = (await connection.execute(_DEAD)).all()
    verdicts = [(letter.handler, letter.reason, letter.tries) for letter in letters]
    report.require(verdicts == [("practice_record", "EVENT_TOO_NEW", 1)] * _NEWER, f"dead letters {verdicts}")
    return [str(letter.id) for letter in letters]


async def _retried(stage: Stage, load: Pipeline, letters: list[str]) -> None:
    for letter in letters:
        command = stage.run("-m", "server.cli", "events", "dead", "retry", letter)
        assert await command.ended() == 0, command.log

    async def all_resolved() -> bool:
        async with stage.looking() as connection:
            return int((await connection.execute(_OPEN)).scalar_one()) == 0

    await until(all_resolved, "every dead letter is resolved")
    await load.caught_up()


SCENARIOS = (
    Scenario(
        id="F17",
        promise="this release gets events of a schema that only the next one knows: each is a dead letter at once, the "
        "others flow. The next release gets events of this one: it reads them. It resolves the dead letters when they "
        "are retried",
        run=mixed,
        smoke=0,
    ),
)
