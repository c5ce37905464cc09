"""Live conversations: how many streams one core keeps at pace through the durable log, and what each of them costs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc.aio

from adapters.seed.files import read_catalog
from adapters.seed.write import seed

from .crowd import Crowd, GrpcListening, HttpListening, Listening, NotBegun, Tally, start_talks
from .figures import Figure, Sample, percentile, ratio
from .learner import Learner
from .plan import Plan
from .process import allow_open_files, cpu_seconds, resident_megabytes
from .replies import Reply, listen
from .servers.live_server import live_server
from .servers.paced import PACE, TICKS
from .servers.product import Product
from .store import own_store
from .table import Table, number

KEPT = 0.95
"""Of the tokens due: with less the server does not keep pace."""

NOTE = f"""\
Replies of {PACE} tokens a second, due by the clock however late the one before was; the model is within the server,
which is the product with the chain, Postgres and Valkey. The server has one core, engines and the one client process
have the others. Once, and not round by round: more and more streams, until fewer than {KEPT:.0%} of the tokens come or
the server does not come to begin further ones. Every stream is checked: no token missing, doubled or out of order.
Kept: tokens read, as a part of those due. Late: from when a token is due to its reading; the log's writer gathers for
25 ms. CPU is the server process's, with leases, checkpoints and the model's timers. Server, client: the share of a core
that each used; where the client's nears 1 it is the client that was measured. kB: what each stream adds to the server's
memory, with all that belongs to it: connection, request, chain, reader, log and producer. No log: the log is a list in
memory. No store: the handler says the words by itself, so that of all this connection, request and chain are left. A
process of the product makes no more than 1,000 replies at once; here it has no such limit."""

FIRST_NOTE = """\
Replies of one token, one at a time, the doors in turn, from the request to the token: the learner's turn and the
generation in one transaction, the lease in another, the log. Idle, and beside the streams of the table above's first
row; {messages} messages by each door."""

_STREAMS_A_LEARNER = 16  # a user has no more than some twenty at once
_SETTLE_SECONDS = 2.0
_WINDOW_LOADS = 3
"""How many times as long as other loads a step is measured: a stream says but ten tokens a second."""
_LONGEST_SECONDS = 300.0
_OTHER_FILES = 500  # beside the streams' connections, of which each end is in another process

DURABLE, MEMORY, NO_STORE = "durable", "memory", "none"

Place = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Step:
    """So many streams for a while. `tokens` is what was read and the server's CPU; lateness is in milliseconds."""

    streams: int
    tokens: Sample
    late_p50: float
    late_p99: float
    client: float
    """Share of a core that the client used."""
    kilobytes: Figure
    """What each stream has added to the memory of the server process."""

    @property
    def kept(self) -> float:
        """Tokens that were read, as a part of those due."""
        return self.tokens.rate / (self.streams * PACE)


@dataclass(frozen=True, slots=True)
class First:
    """Replies over gRPC and over HTTP."""

    grpc: Sequence[Reply]
    http: Sequence[Reply]


@dataclass(frozen=True, slots=True)
class Lived:
    """Everything. The first of `steps` is what the goals are about, and what is compared with."""

    steps: tuple[Step, ...]
    over_grpc: Step
    unlogged: Step
    storeless: Step
    """Streams that no store has anything to do with: what the door and the chain are in all others."""
    idle: First
    busy: First

    @property
    def log_ratio(self) -> Figure:
        """Tokens per second of CPU through the durable log, as a part of those without a log."""
        return ratio(self.unlogged.tokens.cpu_micros, self.steps[0].tokens.cpu_micros)


async def live(plan: Plan, folder: Path, place: Place) -> Lived:
    """Measure everything; `place` is told of each server. Raises EnginesFailed, ServerFailed, LoadFailed."""
    allow_open_files(plan.most_streams + _OTHER_FILES)
    async with asyncio.timeout(_LONGEST_SECONDS), own_store(folder) as store:
        await seed(store.connections, read_catalog())
        with _placed(folder, DURABLE, place) as server:
            idle, steps, busy = await _climb(plan, server)
        with _placed(folder, DURABLE, place) as server:
            over_grpc = await _one_step(plan, server, over_grpc=True)
        with _placed(folder, MEMORY, place) as server:
            unlogged = await _one_step(plan, server, over_grpc=False)
        with _placed(folder, NO_STORE, place) as server:
            storeless = await _one_step(plan, server, over_grpc=False)
    return Lived(tuple(steps), over_grpc, unlogged, storeless, idle, busy)


@contextmanager
def _placed(folder: Path, log: str, place: Place) -> Iterator[Product]:
    with live_server(folder, log) as server:
        place(server.pid)
        yield server


async def _climb(plan: Plan, server: Product) -> tuple[First, list[Step], First]:
    """Measure without streams, with some, and with more and more of them until they do not keep pace."""
    learner = await asyncio.to_thread(Learner.sign_up, server.http_port)
    idle = First(*await listen(plan, server, learner))
    async with _measuring(plan, server, plan.most_streams, over_grpc=False) as measuring:
        steps = [await measuring.step(plan.streams)]
        busy = First(*await listen(plan, server, learner))
        for streams in range(plan.streams + plan.more_streams, plan.most_streams + 1, plan.more_streams):
            if steps[-1].kept < KEPT:
                break
            try:
                steps.append(await measuring.step(streams))
            except NotBegun:
                break
    return idle, steps, busy


async def _one_step(plan: Plan, server: Product, *, over_grpc: bool) -> Step:
    async with _measuring(plan, server, plan.streams, over_grpc=over_grpc) as measuring:
        return await measuring.step(plan.streams)


@dataclass(frozen=True, slots=True)
class _Measuring:
    """A crowd before a server."""

    server: Product
    crowd: Crowd
    tally: Tally
    seconds: float
    megabytes: Figure
    """Memory of the server process before the first stream."""

    async def step(self, streams: int) -> Step:
        """Measure with so many. Raises LoadFailed; NotBegun when the server does not even begin them in time."""
        await self.crowd.grow(streams)
        await asyncio.sleep(_SETTLE_SECONDS)
        before, tokens, client = cpu_seconds(self.server.pid), self.tally.tokens, time.process_time()
        began = time.perf_counter()
        self.tally.is_open = True
        await asyncio.sleep(self.seconds)
        self.tally.is_open = False
        took = time.perf_counter() - began
        after = cpu_seconds(self.server.pid)
        self.tally.check()
        cpu = None if before is None or after is None else after - before
        client = (time.process_time() - client) / took
        return self._step(streams, Sample(self.tally.tokens - tokens, took, cpu), client)

    def _step(self, streams: int, tokens: Sample, client: float) -> Step:
        p50, p99 = (percentile(self.tally.lateness, percent) / TICKS * 1000 for percent in (50, 99))
        del self.tally.lateness[:]
        after = resident_megabytes(self.server.pid)
        grown = None if self.megabytes is None or after is None else (after - self.megabytes) * 1000 / streams
        return Step(streams, tokens, p50, p99, client, grown)


@asynccontextmanager
async def _measuring(plan: Plan, server: Product, most: int, *, over_grpc: bool) -> AsyncIterator[_Measuring]:
    talks = await asyncio.to_thread(start_talks, server.http_port, most, _STREAMS_A_LEARNER)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        tally = Tally()
        listening: Listening
        listening = GrpcListening(channel, tally) if over_grpc else HttpListening(server.http_port, tally)
        try:
            seconds, before = plan.load_seconds * _WINDOW_LOADS, resident_megabytes(server.pid)
            yield _Measuring(server, Crowd(talks, listening, tally), tally, seconds, before)
        finally:
            await listening.close()


def live_tables(measured: Lived) -> tuple[Table, Table]:
    """Return what was measured: of the streams, and of the first token."""
    head = ("streams", "kept", "late, p50 ms", "late, p99 ms", "CPU µs a token", "server", "client", "kB a stream")
    named = [(f"{each.streams:,}, HTTP (SSE)", each) for each in measured.steps]
    named += [(f"{measured.over_grpc.streams:,}, gRPC", measured.over_grpc)]
    named += [(f"{measured.unlogged.streams:,}, HTTP (SSE), no log", measured.unlogged)]
    named += [(f"{measured.storeless.streams:,}, HTTP (SSE), no store", measured.storeless)]
    rows = (
        *_first_rows("idle", measured.idle),
        *_first_rows(f"{measured.steps[0].streams:,} streams", measured.busy),
    )
    note = FIRST_NOTE.format(messages=len(measured.idle.grpc))
    return (
        Table("Live conversations", head, tuple(_row(name, each) for name, each in named), NOTE),
        Table("First token of a live conversation", ("", "gRPC ms", "HTTP (SSE) ms"), rows, note),
    )


def _row(name: str, step: Step) -> tuple[str, ...]:
    late = (number(step.late_p50, 1), number(step.late_p99, 1))
    server = ratio(step.tokens.cpu_seconds, step.tokens.seconds)
    use = (number(step.tokens.cpu_micros, 1), number(server, 2), number(step.client, 2), number(step.kilobytes, 1))
    return (name, number(step.kept, 3), *late, *use)


def _first_rows(name: str, first: First) -> Iterator[tuple[str, ...]]:
    for percent in (50, 99):
        doors = (percentile([reply.first for reply in door], percent) * 1000 for door in (first.grpc, first.http))
        yield (f"{name}, p{percent}", *(number(each, 1) for each in doors))
