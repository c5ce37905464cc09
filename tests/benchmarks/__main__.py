"""`make bench`: measure everything, print it, and write docs/reference/benchmarks.md.

`python -m tests.benchmarks --quick` takes one short round of everything and writes nothing.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import uvloop

from .codec import code, codec_table
from .cores import Cores, divide, pin
from .events import events_table, move_events
from .goals import Results, goals
from .in_process import Shares, shares, shares_table
from .learner import Learner
from .machine import machine_table
from .page import goals_table, page
from .plan import FULL, LONGEST_SECONDS, QUICK, Plan
from .replies import Reply, listen, replies_table
from .rivals import Measured, compare_rivals, rivals_table
from .scaling import Scaled, scale, scaling_table
from .servers.compared import servers
from .servers.product import Product, running
from .startup import start_up, start_up_table
from .streams import Streamed, stream_tokens, streams_table
from .table import Table
from .unary import Compared, compare, unary_table

Served = tuple[tuple[Compared, ...], Shares, tuple[list[Reply], list[Reply]], tuple[Measured, ...], Streamed, Scaled]

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "benchmarks.md"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, printed and not written")
    plan = QUICK if parser.parse_args().quick else FULL
    with tempfile.TemporaryDirectory(prefix="fluentpro-bench-") as folder:
        text = page(_tables(plan, Path(folder)), plan.rounds)
    print(text)
    if plan is FULL:
        PAGE.write_text(text)


def _tables(plan: Plan, folder: Path) -> list[Table]:
    machine = machine_table()  # before there is any load of ours
    _say("starting cold and warm")
    started = start_up(plan, folder)
    _say("reading and writing JSON")
    coded = code(plan)
    _say("moving events")
    moved = uvloop.run(move_events(plan, folder / "events"))
    cores = divide()
    if cores is not None:
        pin(os.getpid(), cores.load)  # the engines, started from here, stay here
    with running(folder / "served") as product:
        _place(cores, product.pid)
        measuring = _serve(plan, product, cores, folder)
        unary, parts, replies, rivals, streamed, scaled = uvloop.run(asyncio.wait_for(measuring, LONGEST_SECONDS))
    return [
        goals_table(goals(Results(started, unary, rivals, streamed, scaled, coded, moved))),
        rivals_table(rivals),
        streams_table(streamed),
        codec_table(coded),
        unary_table(unary),
        shares_table(parts),
        replies_table(*replies),
        scaling_table(scaled),
        events_table(moved),
        start_up_table(started),
        machine,
    ]


async def _serve(plan: Plan, product: Product, cores: Cores | None, folder: Path) -> "Served":
    learner = Learner.sign_up(product.http_port)
    _say("streaming replies")
    replies = await listen(plan, product, learner)
    _say("calling by both doors")
    unary = await compare(plan, product, learner)
    _say("measuring the parts")
    parts = await shares(plan, product, learner)
    with servers(folder / "compared", product.folder, partial(_place, cores)) as served:
        _say("comparing with Envoy and FastAPI")
        rivals = await compare_rivals(plan, served, learner)
        _say("streaming tokens")
        streamed = await stream_tokens(plan, served, learner)
    _say("serving by one process and by two")
    scaled = await scale(plan, folder, product.folder, learner.token, cores)
    return unary, parts, replies, rivals, streamed, scaled


def _place(cores: Cores | None, pid: int) -> None:
    if cores is not None:
        pin(pid, cores.server)


def _say(what: str) -> None:
    print(f"{what} …", file=sys.stderr)


if __name__ == "__main__":
    main()
