"""Running scenarios, and what is written of them."""

from datetime import date
from itertools import product

import pytest

from tests.faults.catalogue import every_scenario, scenarios_of
from tests.faults.rig.engines import OwnEngines
from tests.faults.rig.plan import Part, Scenario, Size
from tests.faults.rig.report import Report
from tests.faults.rig.running import run_one
from tests.faults.rig.stage import Stage
from tests.faults.rig.table import PAGE, details, replace, section, table


def report(**values: object) -> Report:
    return Report(**{"id": "F1", "promise": "all is well", "runs": 2, **values})  # type: ignore[arg-type]


def test_a_table_has_a_row_for_each_scenario_with_its_verdict():
    kept = report(faults=2, facts=20000, duplicates=1500, recoveries=[1.0, 3.0, 2.0])
    broken = report(id="R10", lost=1, broken=["run 2: facts 1 lost (7)"])
    head, rule, first, second = table([kept, broken]).splitlines()
    assert {len(line) for line in (head, rule, first, second)} == {len(head)}
    assert [cell.strip() for cell in first.split("|")][1:-1] == [
        *("F1", "2", "2", "20,000", "0", "0", "0", "0", "1,500", "2.00", "3.00", "kept")
    ]
    assert [cell.strip() for cell in second.split("|")][-4:-1] == ["", "", "broken"]


def test_the_details_tell_the_promise_its_notes_and_what_broke_it():
    told = details([report(notes=["slow"], broken=["run 2: late"])])
    assert told.splitlines() == ["- **F1**: all is well", "  - slow", "  - broken, run 2: late"]


def test_a_section_tells_how_it_was_made():
    told = section(Size.CARD, [report()], seed=7, seconds=600.0, today=date(2029, 6, 30))
    assert told.startswith("`make scorecard` (seed 7) on 2029-06-30, 10 minutes on ")


def test_only_what_stands_between_the_markers_is_replaced():
    page = "a\n<!-- card jobs begins -->\nold\n<!-- card jobs ends -->\nb\n"
    once = replace(page, Size.CARD, Part.JOBS, "new")
    assert once == "a\n<!-- card jobs begins -->\n\nnew\n\n<!-- card jobs ends -->\nb\n"
    assert replace(once, Size.CARD, Part.JOBS, "new") == once
    with pytest.raises(ValueError, match="<!-- card live begins -->"):
        replace(page, Size.CARD, Part.LIVE, "new")


def test_the_page_has_a_place_for_what_the_commands_write():
    for size, part in product((Size.CARD, Size.SOAK), Part):
        assert "mark" in replace(PAGE.read_text(), size, part, "mark")


def test_every_scenario_has_a_promise_and_runs_in_some_size():
    scenarios = every_scenario()
    assert {"F2", "F12", "F13", "R1"} <= scenarios.keys()
    for scenario in scenarios.values():
        assert scenario.promise
        assert any(scenario.times(size) for size in Size)
    letters = [id_[0] for id_ in scenarios]
    assert letters == sorted(letters)
    assert sorted(each.id for part in Part for each in scenarios_of(part)) == sorted(scenarios)


async def test_a_scenario_runs_as_often_as_its_size_says_and_draws_by_its_seed(own_engines: OwnEngines):
    drawn, told = [], []

    async def run(set_stage: Stage, _report: Report) -> None:
        drawn.append(set_stage.random.random())

    scenario = Scenario("F0", "nothing breaks", run, smoke=2)
    for seed in (1, 1, 2):
        kept = await run_one(scenario, own_engines, Size.SMOKE, seed, told.append)
        assert (kept.runs, kept.is_kept) == (2, True)
    assert drawn[:2] == drawn[2:4]
    assert len(set(drawn)) == 4
    assert told[0].startswith("F0 run 1 of 2: kept")


async def test_what_a_scenario_raises_breaks_its_promise_and_the_next_run_goes_on(own_engines: OwnEngines):
    runs, told = [], []

    async def run(_stage: Stage, report: Report) -> None:
        runs.append(report.runs)
        error = RuntimeError("the sea is dry")
        error.add_note("3 facts begun")
        raise error

    found = await run_one(Scenario("F0", "nothing", run, smoke=2), own_engines, Size.SMOKE, 1, told.append)
    assert runs == [1, 2]
    assert found.broken == [f"run {number}: RuntimeError: the sea is dry; 3 facts begun" for number in runs]
    assert not found.is_kept
