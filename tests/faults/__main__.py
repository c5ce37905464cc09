"""`make faults`: break things on purpose, and see that the promises hold.

`python -m tests.faults --smoke` is what CI runs; `--card` and `--soak` run more often and longer, and write their table
into docs/reference/reliability.md, part by part; `--part jobs` runs one part. `--only F2` runs one scenario, or several
with commas between them, and writes nothing. Exit code 1: a promise was broken.
"""

import argparse
import asyncio
import random
import sys
import time
from datetime import UTC, datetime

from .catalogue import every_scenario, scenarios_of
from .rig.plan import Part, Scenario, Size
from .rig.report import Report
from .rig.running import run_all
from .rig.table import PAGE, details, replace, section, table


def main() -> int:
    """Run the command."""
    words = _parser().parse_args()
    size = Size(words.size)
    seed = words.seed if words.seed is not None else random.randrange(10**6)
    _say(f"{size} with --seed {seed}")
    if words.only is not None:
        return _exit_code(_run(_chosen(words.only), size, seed))
    kept = True
    for part in [Part(words.part)] if words.part else Part:
        began = time.monotonic()
        reports = _run(scenarios_of(part), size, seed)
        kept = kept and not _exit_code(reports)
        if size is not Size.SMOKE:
            text = section(size, reports, seed, time.monotonic() - began, datetime.now(UTC).date())
            PAGE.write_text(replace(PAGE.read_text(), size, part, text))
    return 0 if kept else 1


def _run(scenarios: list[Scenario], size: Size, seed: int) -> list[Report]:
    began = time.monotonic()
    reports = asyncio.run(run_all(scenarios, size, seed, _say))
    print(f"\n{table(reports)}\n\n{details(reports)}\n\nseed {seed}, {time.monotonic() - began:.0f} s", flush=True)
    return reports


def _exit_code(reports: list[Report]) -> int:
    return 0 if all(report.is_kept for report in reports) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sizes = parser.add_mutually_exclusive_group(required=True)
    for size in Size:
        sizes.add_argument(f"--{size}", dest="size", action="store_const", const=size)
    parser.add_argument("--part", choices=[*Part], help="what breaks; without it all parts, one after the other")
    parser.add_argument("--only", help="ids of scenarios, with commas between them")
    parser.add_argument("--seed", type=int, help="of an earlier run, to draw the same")
    return parser


def _chosen(only: str) -> list[Scenario]:
    scenarios = every_scenario()
    unknown = set(only.split(",")) - scenarios.keys()
    if unknown:
        sys.exit(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(scenarios)}")
    return [scenarios[id_] for id_ in only.split(",")]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
