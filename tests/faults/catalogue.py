"""Finds the scenarios: each module of a folder of `scenarios/` has one, or several, in `SCENARIOS`."""

import importlib
import re
from pathlib import Path

from .rig.plan import Part, Scenario

_FOLDER = Path(__file__).parent / "scenarios"


def every_scenario() -> dict[str, Scenario]:
    """Return all of them by id: F1, F2, … before R1, R2, …. Raises ValueError for an id that is there twice."""
    package = f"{__name__.rpartition('.')[0]}.scenarios"
    found = [
        scenario
        for path in sorted(_FOLDER.glob("*/*.py"))
        for scenario in importlib.import_module(f"{package}.{path.parent.name}.{path.stem}").SCENARIOS
    ]
    by_id = {scenario.id: scenario for scenario in sorted(found, key=_order)}
    if len(by_id) < len(found):
        raise ValueError("two scenarios have the same id")
    return by_id


def scenarios_of(part: Part) -> list[Scenario]:
    """Return those of one part, in the same order."""
    return [each for each in every_scenario().values() if each.run.__module__.split(".")[-2] == part]


def _order(scenario: Scenario) -> tuple[str, int, str]:
    letters, number, part = re.fullmatch(r"([A-Z]+)([0-9]+)([a-z]?)", scenario.id).groups()  # type: ignore[union-attr]  # or it is misnamed
    return letters, int(number), part
