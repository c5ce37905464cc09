"""`make bench`: measure everything, print it, and write docs/reference/benchmarks.md.

`python -m tests.benchmarks --quick` takes one short round of everything and writes nothing.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

import uvloop

from .cores import divide, pin
from .in_process import Shares, shares, shares_table
from .learner import Learner
from .machine import machine_table
from .page import Goal, goals_table, page
from .plan import FULL, LONGEST_SECONDS, QUICK, Plan
from .product import Product, running
from .replies import Reply, listen, replies_table
from .startup import StartUp, start_up, start_up_table
from .table import Table
from .unary import GET_ME, Compared, compare, unary_table

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
    cores = divide()
    if cores is not None:
        pin(os.getpid(), cores.load)  # the engines, started from here, stay here
    with running(folder / "served") as product:
        if cores is not None:
            pin(product.pid, cores.server)
        compared, (over_grpc, over_http), parts = uvloop.run(asyncio.wait_for(_serve(plan, product), LONGEST_SECONDS))
    return [
        goals_table(_goals(started, compared)),
        unary_table(compared),
        shares_table(parts),
        replies_table(over_grpc, over_http),
        start_up_table(started),
        machine,
    ]


async def _serve(plan: Plan, product: Product) -> tuple[tuple[Compared, ...], tuple[list[Reply], list[Reply]], Shares]:
    learner = Learner.sign_up(product.http_port)
    _say("streaming replies")
    replies = await listen(plan, product, learner)
    _say("calling by both doors")
    compared = await compare(plan, product, learner)
    _say("measuring the parts")
    return compared, replies, await shares(plan, product, learner)


def _goals(started: StartUp, compared: tuple[Compared, ...]) -> list[Goal]:
    get_me = next(each for each in compared if each.call is GET_ME)
    return [
        Goal("GetMe, CPU over HTTP : over gRPC", get_me.cpu_ratio, 0.40),
        Goal("warm start, s", started.warm, 5.0),
        Goal("`fluentpro --help`, s", started.help, 0.20),
    ]


def _say(what: str) -> None:
    print(f"{what} …", file=sys.stderr)


if __name__ == "__main__":
    main()
