"""Streams that touch no store: what a token costs on its way out, and how long the first one takes."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from .figures import Figure, Sample, median, median_ratio, percentile
from .first_token import first_tokens
from .learner import Learner
from .plan import IN_FLIGHT, Plan
from .process import cpu_seconds
from .replies import Door, open_doors
from .servers.compared import Compared
from .servers.memory import AT_ONCE, WORDS
from .table import Table, number

NOTE = f"""\
SendMessage over a handler that has its words at once, {WORDS} of them, each an event with its cursor; the chain is on.
Tokens/s: {IN_FLIGHT} streams at a time, each begun anew when it ends, read by one client process (grpc.aio, and sockets
for SSE) on the other core; the server's core is what is busy. First token: one stream at a time, by a client process
for each door that blocks; the words come with pauses, as a model's do."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """Tokens by each door, a sample a round, and the seconds that single streams took to their first."""

    grpc: tuple[Sample, ...]
    http: tuple[Sample, ...]
    grpc_first: list[float]
    http_first: list[float]

    @property
    def rate_ratio(self) -> Figure:
        """Tokens per second over HTTP, as a multiple of those over gRPC."""
        return median_ratio([each.rate for each in self.http], [each.rate for each in self.grpc])

    @property
    def first_ratio(self) -> Figure:
        """The median time to the first token over HTTP, as a part of that over gRPC."""
        return percentile(self.http_first, 50) / percentile(self.grpc_first, 50)


async def stream_tokens(plan: Plan, served: Compared, learner: Learner) -> Streamed:
    """Measure both doors in turn, round by round. Raises LoadFailed."""
    async with _doors(served, learner) as (grpc_doors, http_doors):
        pid = served.ours.pids[0]
        for doors in (grpc_doors, http_doors):
            await _tokens(doors, plan.warm_up_seconds, pid)
        rounds = [
            [await _tokens(doors, plan.load_seconds, pid) for doors in (grpc_doors, http_doors)]
            for _ in range(plan.rounds)
        ]
    firsts: tuple[list[float], list[float]] = ([], [])
    ports = (("grpc", served.grpc_port), ("http", served.ours.http_port))
    for _ in range(plan.rounds):
        for seconds, (door, port) in zip(firsts, ports, strict=True):
            seconds.extend(await asyncio.to_thread(first_tokens, door, port, learner, plan.messages // plan.rounds))
    over_grpc, over_http = zip(*rounds, strict=True)
    return Streamed(over_grpc, over_http, *firsts)


@asynccontextmanager
async def _doors(served: Compared, learner: Learner) -> AsyncIterator[tuple[Sequence[Door], Sequence[Door]]]:
    async with open_doors(served.grpc_port, served.ours.http_port, learner, connections=IN_FLIGHT) as (one, many):
        yield [one] * IN_FLIGHT, many


async def _tokens(doors: Sequence[Door], seconds: float, pid: int) -> Sample:
    before, started = cpu_seconds(pid), time.perf_counter()
    counts = await asyncio.gather(*(_listen(door, started + seconds) for door in doors))
    took, after = time.perf_counter() - started, cpu_seconds(pid)
    tokens = sum(counts) * WORDS
    return Sample(tokens, took, None if before is None or after is None else after - before)


async def _listen(door: Door, end: float) -> int:
    """Return how many replies came until `end`."""
    count = 0
    while time.perf_counter() < end:
        await door.send(AT_ONCE)
        count += 1
    return count


def streams_table(measured: Streamed) -> Table:
    """Return what was measured."""
    rows = [
        ("tokens/s", *_pair([each.rate for each in measured.grpc], [each.rate for each in measured.http], 0)),
        (
            "CPU µs a token",
            *_pair([each.cpu_micros for each in measured.grpc], [each.cpu_micros for each in measured.http], 1),
        ),
    ]
    for percent in (50, 95):
        over_grpc, over_http = (percentile(each, percent) * 1e3 for each in (measured.grpc_first, measured.http_first))
        cells = (number(over_grpc, 2), number(over_http, 2), number(over_http / over_grpc, 2))
        rows.append((f"first token, p{percent}, ms", *cells))
    return Table("Tokens without a store", ("", "gRPC", "HTTP (SSE)", "HTTP : gRPC"), tuple(rows), NOTE)


def _pair(over_grpc: Sequence[Figure], over_http: Sequence[Figure], digits: int) -> tuple[str, str, str]:
    ratio = median_ratio(over_http, over_grpc)
    return number(median(over_grpc), digits), number(median(over_http), digits), number(ratio, 2)
