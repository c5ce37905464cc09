"""The parts of a run; each can be run alone."""

import asyncio
import os
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from .codec import code, codec_table
from .cores import Cores, divide, pin
from .events import events_table, move_events
from .goals import Results, goals
from .jobs import jobs_table, work
from .live import Lived, live, live_tables
from .machine import machine_table
from .page import goals_table
from .plan import LONGEST_SECONDS, Plan
from .served import Served, place, serve, served_tables
from .servers.product import running
from .startup import start_up, start_up_table
from .table import Table


@dataclass(frozen=True, slots=True)
class Part:
    """`measures` is for people; `run` gives what becomes the field `result` of Results."""

    result: str
    measures: str
    run: Callable[[Plan, Path, Cores | None], Any]


def measure(plan: Plan, folder: Path, wanted: Collection[str]) -> list[Table]:
    """Measure these parts in their order, and return the tables of a page."""
    machine = machine_table()  # before there is any load of ours
    cores = divide()
    found = {}
    for name, part in PARTS.items():
        if name in wanted:
            _say(part.measures)
            found[part.result] = part.run(plan, folder, cores)
    return [*_tables(Results(**found)), machine]


def _serve(plan: Plan, folder: Path, cores: Cores | None) -> Served:
    _leave_server(cores)
    with running(folder / "served") as product:
        place(cores, product.pid)
        return uvloop.run(asyncio.wait_for(serve(plan, product, cores, folder, _say), LONGEST_SECONDS))


def _live(plan: Plan, folder: Path, cores: Cores | None) -> Lived:
    _leave_server(cores)
    return uvloop.run(live(plan, folder / "live", partial(place, cores)))


def _leave_server(cores: Cores | None) -> None:
    """Leave the server's core to it: the engines, started from here, stay with us."""
    if cores is not None:
        pin(os.getpid(), cores.load)


PARTS = {
    "starting": Part("started", "starting cold and warm", lambda plan, folder, _: start_up(plan, folder)),
    "json": Part("coded", "reading and writing JSON", lambda plan, _folder, _: code(plan)),
    "events": Part("moved", "moving events", lambda plan, folder, _: uvloop.run(move_events(plan, folder / "events"))),
    "jobs": Part("worked", "running jobs", lambda plan, folder, _: uvloop.run(work(plan, folder / "jobs"))),
    "served": Part("served", "starting a server", _serve),
    "live": Part("lived", "keeping live conversations at pace", _live),
}
"""By the names by which they are asked for. Those that share all cores come before those that have cores of their own:
who has left a core does not come back to it."""


def _tables(results: Results) -> Iterator[Table]:
    yield goals_table(goals(results))
    if results.served:
        yield from served_tables(results.served)
    if results.lived:
        yield from live_tables(results.lived)
    if results.coded:
        yield codec_table(results.coded)
    if results.moved:
        yield events_table(results.moved)
    if results.worked:
        yield jobs_table(results.worked)
    if results.started:
        yield start_up_table(results.started)


def _say(what: str) -> None:
    print(f"{what} …", file=sys.stderr)
