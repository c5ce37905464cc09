"""A database and a Redis of each test's own, with events in the one and entries about them in the other."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fakes.handlers import TABLE
from fakes.master_keys import MASTER_KEYS
from redis.asyncio import Redis
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.bus.keys import bus_key
from adapters.engines import EngineUrls
from adapters.engines.binaries import valkey_binary
from adapters.engines.valkey import valkey_answers
from adapters.sql.engine import Connections, create_engine
from adapters.sql.migrations import migrate
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.audit.registry import area_of
from domain.practice.chat import Author
from domain.practice.events import ConversationCompleted, ConversationStarted, TurnAdded
from domain.shared.clock import system_clock
from domain.shared.events import Event
from workers.consumer import Consumers

QUICK = (0.0, 0.01, 0.02, 0.03, 0.04)
"""Waits between tries, for tests."""


class OwnValkey:
    """A server that can be killed, stopped and emptied."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self._folder), "--save", ""]
        command = [str(valkey_binary()), *options, "--appendonly", "yes", "--appendfsync", "always"]
        self._process = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.DEVNULL)
        await until(lambda: valkey_answers(self.socket))

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


async def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    """Return once `condition` holds; fail when it has not in time."""
    async with asyncio.timeout(seconds):
        while not (await held if isinstance(held := condition(), Awaitable) else held):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.005)


@pytest.fixture(scope="session")
async def template(engine_urls: EngineUrls) -> AsyncIterator[str]:
    """Name a migrated database that nobody is connected to."""
    name = f"template_{uuid4().hex}"
    await _on_server(engine_urls, f"CREATE DATABASE {name}")
    engine = create_engine(engine_urls.database_url.replace("/fluentpro?", f"/{name}?"), pool_size=2)
    await migrate(engine)
    async with engine.begin() as connection:
        await connection.execute(text(TABLE))
    await engine.dispose()
    yield name
    await _on_server(engine_urls, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def own_database(engine_urls: EngineUrls, template: str) -> AsyncIterator[str]:
    name = f"test_{uuid4().hex}"
    await _on_server(engine_urls, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield engine_urls.database_url.replace("/fluentpro?", f"/{name}?")
    await _on_server(engine_urls, f"DROP DATABASE {name} WITH (FORCE)")


async def _on_server(urls: EngineUrls, statement: str) -> None:
    server = create_async_engine(urls.database_url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(statement))
    await server.dispose()


@pytest.fixture
async def valkey(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnValkey]:
    server = OwnValkey(tmp_path_factory.mktemp("v"))
    await server.start()
    yield server
    server.kill()


@dataclass
class World:
    """The store, the bus, and consumers on them."""

    connections: Connections
    valkey: OwnValkey
    redis: Redis
    database_url: str
    running: list[asyncio.Task[None]] = field(default_factory=list)

    def work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.connections, system_clock, MASTER_KEYS)

    async def record(self, *events: Event) -> None:
        """Write events, all in one transaction."""
        async with self.work() as work:
            work.record(*events)
            await work.commit()

    async def ring(self, *streams: str) -> None:
        """Say on the bus that streams have moved, once for each mention."""
        for stream_id in streams:
            await self.redis.xadd(bus_key(area_of(stream_id) or "practice"), {"stream_id": stream_id})

    async def tell(self, *events: Event) -> None:
        """Write events and say so."""
        await self.record(*events)
        await self.ring(*(event.stream_id for event in events))

    def consumers(self, **options: Any) -> Consumers:
        given = {"name": f"test-{uuid4().hex[:8]}", "waits": QUICK, "clock": system_clock} | options
        return Consumers(self.connections, self.valkey.url, MASTER_KEYS, **given)

    @asynccontextmanager
    async def consuming(self, **options: Any) -> AsyncIterator[Consumers]:
        """Have consumers run for a block, and stop them as their process would."""
        consumers = self.consumers(**options)
        task = asyncio.create_task(consumers.run())
        try:
            yield consumers
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def rows(self, query: str, **values: Any) -> list[Row[Any]]:
        async with self.connections.reading() as connection:
            return list(await connection.execute(text(query), values))

    async def execute(self, statement: str, **values: Any) -> None:
        """Do something that no code of ours does: as a superuser, and without triggers."""
        async with self.connections.transaction() as connection:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            await connection.execute(text(statement), values)
            await connection.commit()

    async def passed(self, handler: str) -> dict[str, int]:
        query = "SELECT stream_id, version FROM handler_position WHERE handler = :handler AND version > 0"
        return {row.stream_id: row.version for row in await self.rows(query, handler=handler)}

    async def recorded(self, stream_id: str) -> list[int]:
        """Return what Recorder made of a stream, in the order of its writes."""
        query = "SELECT words FROM recorded WHERE stream_id = :stream_id ORDER BY number"
        return [row.words for row in await self.rows(query, stream_id=stream_id)]

    async def owed(self, handler: str, area: str) -> int:
        """Count the entries that the handler's group has not acknowledged, and those it has not read."""
        for group in await self.redis.xinfo_groups(bus_key(area)):
            if group["name"] == handler.encode():
                return int(group["pending"]) + int(group["lag"] or 0)
        return -1

    async def quiet(self, handler: str, area: str) -> None:
        """Return once the handler has acknowledged everything."""

        async def nothing_owed() -> bool:
            return await self.owed(handler, area) == 0

        await until(nothing_owed, 30)


@pytest.fixture
async def world(own_database: str, valkey: OwnValkey) -> AsyncIterator[World]:
    connections = Connections(create_engine(own_database, pool_size=10))
    redis = Redis.from_url(valkey.url)
    yield World(connections, valkey, redis, own_database)
    await redis.aclose()
    await connections.close()


@pytest.fixture(name="until")
def _until() -> Callable[..., Awaitable[None]]:
    return until


@dataclass
class Talk:
    """A role-play, as events."""

    user_id: UUID = field(default_factory=uuid4)
    conversation_id: UUID = field(default_factory=uuid4)
    turns: int = 0

    @property
    def stream_id(self) -> str:
        return f"conversation-{self.conversation_id}"

    def started(self) -> ConversationStarted:
        return ConversationStarted(conversation_id=self.conversation_id, user_id=self.user_id, scenario_id="a-berth")

    def said(self, words: int = 3, author: Author = Author.LEARNER, *, partial: bool = False) -> TurnAdded:
        self.turns += 1
        return TurnAdded(
            conversation_id=self.conversation_id,
            user_id=self.user_id,
            turn_id=uuid4(),
            position=self.turns,
            author=author,
            partial=partial,
            words=words,
            text="said " * words,
        )

    def ended(self) -> ConversationCompleted:
        return ConversationCompleted(conversation_id=self.conversation_id, user_id=self.user_id, turns=self.turns)


@pytest.fixture
def talk() -> type[Talk]:
    return Talk
