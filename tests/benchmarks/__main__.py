"""`make bench`: measure everything, print it, and write docs/reference/benchmarks.md.

`python -m tests.benchmarks --quick` takes one short round of everything and writes nothing; `--only live,jobs` measures
these parts alone and writes nothing either.
"""

import argparse
import tempfile
from pathlib import Path

from .page import page
from .parts import PARTS, measure
from .plan import FULL, QUICK

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "benchmarks.md"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, printed and not written")
    only = f"some of {', '.join(PARTS)}, with commas between them; printed and not written"
    parser.add_argument("--only", metavar="PARTS", type=_parts, default=(), help=only)
    given = parser.parse_args()
    plan = QUICK if given.quick else FULL
    with tempfile.TemporaryDirectory(prefix="fluentpro-bench-") as folder:
        text = page(measure(plan, Path(folder), given.only or PARTS), plan.rounds)
    print(text)
    if plan is FULL and not given.only:
        PAGE.write_text(text)


def _parts(text: str) -> tuple[str, ...]:
    wanted = tuple(map(str.strip, text.split(",")))
    if unknown := ", ".join(name for name in wanted if name not in PARTS):
        raise argparse.ArgumentTypeError(f"there is no part {unknown}")
    return wanted


if __name__ == "__main__":
    main()
