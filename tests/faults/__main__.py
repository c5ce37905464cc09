"""`make faults`: break things on purpose, and see that the promises hold.

`python -m tests.faults --smoke` is what CI runs; `--card` and `--soak` run more often and longer, and write their table
into docs/reference/reliability.md. `--only F2` runs one scenario (or several, with commas between them) and writes
nothing. Exit code 1: a promise was broken.
"""

import argparse
import asyncio
import random
import sys
import time
from datetime import UTC, datetime

from .catalogue import every_scenario
from .rig.plan import Scenario, Size
from .rig.running import run_all
from .rig.table import PAGE, details, replace, section, table


def main() -> int:
    """Run the command."""
    words = _parser().parse_args()
    size = Size(words.size)
    seed = words.seed if words.seed is not None else random.randrange(10**6)
    scenarios = _chosen(words.only)
    _say(f"{size} with --seed {seed}")
    began = time.monotonic()
    reports = asyncio.run(run_all(scenarios, size, seed, _say))
    seconds = time.monotonic() - began
    print(f"\n{table(reports)}\n\n{details(reports)}\n\nseed {seed}, {seconds:.0f} s")
    if words.only is None and size is not Size.SMOKE:
        text = section(size, reports, seed, seconds, datetime.now(UTC).date())
        PAGE.write_text(replace(PAGE.read_text(), size, text))
    return 0 if all(report.is_kept for report in reports) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sizes = parser.add_mutually_exclusive_group(required=True)
    for size in Size:
        sizes.add_argument(f"--{size}", dest="size", action="store_const", const=size)
    parser.add_argument("--only", help="ids of scenarios, with commas between them")
    parser.add_argument("--seed", type=int, help="of an earlier run, to draw the same")
    return parser


def _chosen(only: str | None) -> list[Scenario]:
    scenarios = every_scenario()
    if only is None:
        return list(scenarios.values())
    unknown = set(only.split(",")) - scenarios.keys()
    if unknown:
        sys.exit(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(scenarios)}")
    return [scenarios[id_] for id_ in only.split(",")]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
