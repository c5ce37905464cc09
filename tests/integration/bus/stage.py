"""A database and a Valkey of a test's own, with what the bus is made of."""

import asyncio
import subprocess
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

from fakes.master_keys import MASTER_KEYS
from redis.asyncio import Redis
from sqlalchemy import text

from adapters.bus.publisher import BusPublisher
from adapters.engines.binaries import valkey_binary
from adapters.engines.valkey import valkey_answers
from adapters.live.connection import connect
from adapters.sql.engine import Connections
from adapters.sql.leadership import Candidate, Term
from adapters.sql.outbox import Outbox
from adapters.sql.unit_of_work import SqlUnitOfWork
from adapters.telemetry.background_metrics import BackgroundMetrics
from domain.audit.registry import AREAS
from domain.onboarding.events import LanguageSelected
from domain.shared.clock import system_clock
from domain.shared.events import Event
from workers.leadership import Led
from workers.relay import Relay
from workers.stopping import Stopping

HANDLERS = {"everything": frozenset(AREAS)}
ONBOARDING = "fp:ev:{onboarding}"
IDENTITY = "fp:ev:{identity}"


def change(user_id: UUID, language: str = "de") -> Event:
    """Make an event of a learner's."""
    return LanguageSelected(user_id=user_id, language_id=language)


async def until(condition: Callable[[], Awaitable[object]], seconds: float = 10) -> None:
    """Return once a condition holds; fail when it has not within so many seconds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.005)


class OwnValkey:
    """A server that may be killed; it comes back without its data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._launch()
        await until(self._answers)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _launch(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self._folder), "--save", ""]
        self._process = subprocess.Popen([str(valkey_binary()), *options], stdout=subprocess.DEVNULL)

    async def _answers(self) -> bool:
        return valkey_answers(self.socket)


class Stage:
    """What a test of the bus needs; `close` ends all that it started."""

    def __init__(self, sql: Connections, valkey: OwnValkey) -> None:
        self.sql = sql
        self.valkey = valkey
        self.redis = connect(valkey.url, connections=8)
        self.metrics = BackgroundMetrics()
        self._stack = AsyncExitStack()
        self._stack.push_async_callback(self.redis.aclose)
        self._terms: list[Term] = []

    async def close(self) -> None:
        for term in self._terms:
            await term.end()
        await self._stack.aclose()

    async def append(self, *events: Event) -> None:
        """Append events in one transaction."""
        async with SqlUnitOfWork(self.sql, system_clock, MASTER_KEYS) as work:
            work.record(*events)
            await work.commit()

    def relay(self, batch: int = 500, outbox: Outbox | None = None, redis: Redis | None = None) -> Relay:
        bus = BusPublisher(redis or self.redis)
        return Relay(outbox or Outbox(self.sql), bus, HANDLERS, self.metrics, batch)

    def redis_at(self, url: str) -> Redis:
        """Return a client of another address."""
        redis = connect(url, connections=2)
        self._stack.push_async_callback(redis.aclose)
        return redis

    def candidate(self, name: str = "relay") -> Candidate:
        return Candidate(self.sql.engine.url, name)

    async def take_office(self) -> Term:
        """Lead; who led before does not any more."""
        if self._terms:
            await self._terms[-1].end()
        term = await self.candidate().stand()
        assert term is not None
        self._terms.append(term)
        return term

    def run(self, work: Callable[[Stopping], Awaitable[None]]) -> Stopping:
        """Run something in the background, to the end of the test or until what is returned is set."""
        stopping = asyncio.Event()
        task = asyncio.ensure_future(work(stopping))

        async def end() -> None:
            stopping.set()
            async with asyncio.timeout(15):
                await task

        self._stack.push_async_callback(end)
        return stopping

    def run_relay(self, relay: Relay | None = None) -> Stopping:
        """Run a relay that stands for the leadership."""
        return self.run(Led(self.candidate(), (relay or self.relay()).run, self.metrics).run)

    async def entries(self, stream: str = ONBOARDING) -> list[dict[str, str]]:
        """Return the fields of a stream's entries, in order."""
        found = await self.redis.xrange(stream)
        return [{name.decode(): value.decode() for name, value in fields.items()} for _id, fields in found]

    async def versions(self) -> list[int]:
        """Return the versions of the entries about onboarding, in order."""
        return [int(entry["version"]) for entry in await self.entries()]

    async def versions_by_stream(self) -> dict[str, list[int]]:
        """Return the versions of the entries of each aggregate, in order."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for entry in await self.entries():
            found[entry["stream_id"]].append(int(entry["version"]))
        return found

    async def until_versions(self, *expected: int, seconds: float = 10) -> None:
        """Return once the bus has exactly these."""

        async def has() -> bool:
            return await self.versions() == list(expected)

        await until(has, seconds)

    async def unpublished(self) -> int:
        """Return how many events wait in the outbox."""
        return await self.scalar("SELECT count(*) FROM outbox WHERE published_at IS NULL")

    async def until_published(self) -> None:
        """Return once no event waits."""

        async def is_empty() -> bool:
            return await self.unpublished() == 0

        await until(is_empty)

    async def scalar(self, query: str) -> int:
        async with self.sql.reading() as connection:
            return (await connection.execute(text(query))).scalar_one()

    async def execute(self, statement: str, **values: object) -> None:
        async with self.sql.reading() as connection:
            await connection.execute(text(statement), values)

    async def passed(self, user_id: UUID, version: int) -> None:
        """Have the handler pass a learner's events up to a version."""
        statement = "INSERT INTO handler_position VALUES ('everything', :stream_id, :version)"
        await self.execute(statement, stream_id=f"onboarding-{user_id}", version=version)

    def seen(self, name: str) -> float | None:
        """Return the sum of the samples of a metric; None when it has none."""
        metrics = self.metrics.collect()
        found = [sample.value for metric in metrics for sample in metric.samples if sample.name == name]
        return sum(found) if found else None
