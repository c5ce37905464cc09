"""Running scenarios one after the other on the same engines."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .engines import OwnEngines
from .plan import Scenario, Size
from .report import Report
from .stage import Stage, stage

RUN_SECONDS = 1200.0
"""After which one run counts as hung: the longest, of a soak, takes half of it."""

Say = Callable[[str], None]


async def run_all(scenarios: Sequence[Scenario], size: Size, seed: int, say: Say) -> list[Report]:
    """Run each as often as the size says; what a run draws depends on the seed, its scenario and its number."""
    with tempfile.TemporaryDirectory(prefix="fp-faults-") as folder:
        engines = await OwnEngines.start(Path(folder) / "engines")
        try:
            due = [scenario for scenario in scenarios if scenario.times(size)]
            return [await run_one(scenario, engines, size, seed, say) for scenario in due]
        finally:
            await engines.stop()


async def run_one(scenario: Scenario, engines: OwnEngines, size: Size, seed: int, say: Say) -> Report:
    """Run one scenario as often as the size says, and say how each run went."""
    report = Report(scenario.id, scenario.promise, size.slack)
    began = time.monotonic()
    for number in range(1, scenario.times(size) + 1):
        report.runs = number
        started, broken = time.monotonic(), len(report.broken)
        async with stage(engines, size, f"{seed}/{scenario.id}/{number}", say) as set_:
            await _guarded(scenario, set_, report)
            if len(report.broken) > broken:
                say(set_.story())
                say(engines.story())
        verdict = "; ".join(report.broken[broken:]) or "kept"
        say(f"{scenario.id} run {number} of {scenario.times(size)}: {verdict} ({time.monotonic() - started:.1f} s)")
    report.seconds = time.monotonic() - began
    return report


async def _guarded(scenario: Scenario, set_: Stage, report: Report) -> None:
    """Run it once. Whatever it raises breaks its promise, and ends this run alone."""
    try:
        async with asyncio.timeout(RUN_SECONDS):
            await scenario.run(set_, report)
    except Exception as error:  # noqa: BLE001 - the next scenario runs in any case
        report.require(holds=False, otherwise="; ".join(_told(error)))


def _told(error: BaseException) -> Iterator[str]:
    """Say what was raised, and of a group what each of them is."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _told(each)
    else:
        yield f"{type(error).__name__}: {error}"
    yield from getattr(error, "__notes__", ())
