"""What a scenario acts on: engines, proxies and processes, all of which are as new when the next one begins."""

import asyncio
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.live.connection import connect
from adapters.security.master_keys import load_or_create_master_keys
from adapters.sql.engine import Connections, create_engine
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.shared.clock import system_clock

from .engines import OwnEngine, OwnEngines
from .plan import Size
from .processes import Process, environment, free_port
from .proxy import Proxy, proxied


@dataclass(slots=True)
class Stage:
    """One run's surroundings. What it starts, it ends."""

    engines: OwnEngines
    folder: Path
    size: Size
    random: random.Random
    say: Callable[[str], None]
    database_url: str
    connections: Connections
    _stack: AsyncExitStack
    _ports: dict[str, int] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection to the database, past every proxy."""
        async with self.connections.reading() as connection:
            yield connection

    def work(self) -> SqlUnitOfWork:
        """Return a unit of work, past every proxy and with the keys of this stage's processes."""
        keys = load_or_create_master_keys(self.folder / "data" / "keys" / "master.json")
        return SqlUnitOfWork(self.connections, system_clock, keys)

    @asynccontextmanager
    async def redis(self) -> AsyncIterator[Redis]:
        """Give a client of Valkey, past every proxy."""
        async with self.redis_at(self.engines.valkey) as client:
            yield client

    async def another_valkey(self) -> OwnEngine:
        """Start a second Valkey, empty and on its own socket, which goes when the stage does."""
        engine = self.engines.another_valkey(self.folder / "second")
        self._stack.push_async_callback(engine.kill)
        await engine.start()
        return engine

    @asynccontextmanager
    async def redis_at(self, engine: OwnEngine) -> AsyncIterator[Redis]:
        """Give a client of one Valkey of several."""
        client = connect(engine.url, connections=2)
        try:
            yield client
        finally:
            await client.aclose()

    async def proxy_of_postgres(self) -> tuple[Proxy, str]:
        """Return a proxy, and the URL of the database behind it."""
        proxy = await self._stack.enter_async_context(proxied(self.engines.postgres_socket))
        database = self.database_url.partition("?")[0].rpartition("/")[2]
        return proxy, f"postgresql+asyncpg://postgres@127.0.0.1:{proxy.port}/{database}"

    async def proxy_of_valkey(self) -> tuple[Proxy, str]:
        """Return a proxy, and the URL of the Valkey behind it."""
        proxy = await self._stack.enter_async_context(proxied(self.engines.valkey_socket))
        return proxy, f"redis://127.0.0.1:{proxy.port}/0"

    async def server(self, **settings: object) -> Process:
        """Start `fluentpro server` and return when it is ready. Each next one gets the same addresses."""
        process = self.run("-m", "server.cli", "server", **settings)
        await process.ready()
        return process

    async def counted_server(self, **settings: object) -> Process:
        """Start a server that `tasks_of` can ask how many tasks it has."""
        process = self.run("-m", "tests.faults.rig.counted", "server", **settings)
        await process.ready()
        return process

    async def another_server(self, **settings: object) -> Process:
        """Start a server beside the first one, at addresses of its own, and return when it is ready."""
        listen = {f"{door}_listen": f"127.0.0.1:{free_port()}" for door in ("grpc", "http")}
        return await self.server(**listen, **settings)

    async def two_servers(self, **settings: object) -> tuple[str, str]:
        """Start two servers on the same engines, and return where they serve HTTP."""
        first, second = await asyncio.gather(self.server(**settings), self.another_server(**settings))
        return first.http, second.http

    def background(self, **settings: object) -> Process:
        """Start `fluentpro background`; `says("background runs")` waits until it works."""
        return self.run("-m", "server.cli", "background", **settings)

    def run(self, *words: str, **settings: object) -> Process:
        """Start Python with these words, on this stage's engines unless the settings name others.

        `run("-m", "server.cli", "background", failpoints="relay.after_xadd=kill@3")`
        """
        listen = {"grpc_listen": self._listen("grpc"), "http_listen": self._listen("http")}
        engines = {"database_url": self.database_url, "redis_url": self.engines.redis_url}
        given = {"profile": "testing", "data_dir": self.folder / "data", **listen, **engines, **settings}
        log = self.folder / f"process{len(self.processes)}.log"
        process = Process(words, environment(given), log)
        self.processes.append(process)
        return process

    def story(self) -> str:
        """Return the end of what each process wrote, without its access log."""
        return "\n".join(map(_ending, self.processes))

    def _listen(self, door: str) -> str:
        return f"127.0.0.1:{self._ports.setdefault(door, free_port())}"


@asynccontextmanager
async def stage(
    engines: OwnEngines, size: Size, seed: str, say: Callable[[str], None] = lambda _line: None
) -> AsyncIterator[Stage]:
    """Set a stage with a database of its own and an empty Valkey; at the end kill what runs, and mend the engines."""
    database_url = await engines.fresh_database()
    await engines.flush_valkey()
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="fp-stage-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.push_async_callback(engines.restore)
        connections = Connections(create_engine(database_url, pool_size=4))
        stack.push_async_callback(connections.close)
        set_ = Stage(engines, folder, size, random.Random(seed), say, database_url, connections, stack)
        stack.push_async_callback(_kill_all, set_.processes)
        yield set_


def _ending(process: Process) -> str:
    lines = [line for line in process.log.splitlines() if '"event":"rpc"' not in line]
    return "\n".join([f"--- {process.name}, exit code {process.exit_code}", *lines[-25:]])


async def _kill_all(processes: list[Process]) -> None:
    for process in processes:
        if process.exit_code is None:
            await process.kill()
