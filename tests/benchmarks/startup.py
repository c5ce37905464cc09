"""How long starting takes."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .figures import Figure, median
from .plan import Plan
from .process import resident_megabytes
from .servers.product import COMMAND, running
from .table import Table, number

NOTE = """\
On all cores. Cold: `fluentpro dev` in an empty data folder, so Postgres' cluster is made, migrated and seeded. Warm:
the same again. Each up to the first 200 of `/readyz`."""


@dataclass(frozen=True, slots=True)
class StartUp:
    """Medians, in seconds and MB."""

    cold: Figure
    warm: Figure
    help: Figure
    idle_megabytes: Figure


def start_up(plan: Plan, folder: Path) -> StartUp:
    """Start cold and warm in new folders below `folder`. Raises ProductFailed."""
    cold, warm, idle = [], [], []
    for place in _places(plan, folder):
        with running(place) as product:
            cold.append(product.ready_after)
        with running(place) as product:
            warm.append(product.ready_after)
            idle.append(resident_megabytes(product.pid))
    return StartUp(median(cold), median(warm), median([_help() for _ in range(2 * plan.starts + 1)]), median(idle))


def _places(plan: Plan, folder: Path) -> Iterator[Path]:
    yield from (folder / f"start-{index}" for index in range(plan.starts))


def _help() -> float:
    started = time.perf_counter()
    subprocess.run([*COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def start_up_table(measured: StartUp) -> Table:
    """Return what was measured."""
    rows = (
        ("cold start, s", number(measured.cold, 2)),
        ("warm start, s", number(measured.warm, 2)),
        ("`fluentpro --help`, s", number(measured.help, 3)),
        ("memory of the idle server process, MB", number(measured.idle_megabytes)),
    )
    return Table("Starting", ("", "median"), rows, NOTE)
