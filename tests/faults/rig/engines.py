"""A Postgres and a Valkey of the rig's own: killed, stopped and started again as a test wants.

They are the engines that `fluentpro dev` starts, without its keeper, who would stop them behind a test's back. They
die with this process, however it ends.
"""

import asyncio
import dataclasses
import shutil
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.engines.account import engine_account, give, make_places
from adapters.engines.cluster import disown_lock_files, has_cluster, make_cluster
from adapters.engines.errors import EnginesFailed
from adapters.engines.folder import DataFolder
from adapters.engines.postgres import ensure_database, postgres_engine
from adapters.engines.process import START_SECONDS, Engine, EngineProcess, last_fault
from adapters.engines.valkey import valkey_engine
from adapters.live.connection import connect
from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.sql.engine import Connections, create_engine
from adapters.sql.migrations import migrate

from .family import send
from .waiting import until

_STOP_SECONDS = 10.0


class OwnEngine:
    """One of the two engines. It is dead until `start`."""

    def __init__(self, folder: DataFolder, engine: Engine) -> None:
        self._folder = folder
        self._engine = engine
        self._process: EngineProcess | None = None
        self._is_paused = False

    @property
    def name(self) -> str:
        """Its name, for people."""
        return self._engine.name

    @property
    def socket(self) -> Path:
        """Where a Valkey listens."""
        return self._folder.valkey_socket

    @property
    def url(self) -> str:
        """Where a Valkey is, for its clients."""
        return self._folder.urls.redis_url

    @property
    def folder(self) -> Path:
        """Where its data is."""
        return self._engine.folder

    @property
    def log(self) -> str:
        """The end of what it wrote since its last start."""
        return "\n".join(self._engine.log.read_text(errors="replace").splitlines()[-25:])

    @property
    def is_running(self) -> bool:
        """Whether its process is there, paused or not."""
        return self._process is not None and not self._process.exited()

    async def start(self, *arguments: str) -> float:
        """Start it with further `arguments` of its own; return the seconds until it answered. Raises EnginesFailed."""
        began = time.monotonic()
        while not await self._started(arguments):
            reason = last_fault(self._engine)
            # Children of a killed Postgres may hold its shared memory for a moment.
            if "shared memory block" not in reason or time.monotonic() - began > START_SECONDS:
                raise EnginesFailed(f"{self.name} did not start: {reason}")
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def _started(self, arguments: Sequence[str]) -> bool:
        """Try once; false when it gave up."""
        if self._engine.folder == self._folder.postgres:  # and not beside one that runs, which looks at its own
            disown_lock_files(self._folder)
        engine = dataclasses.replace(self._engine, command=(*self._engine.command, *arguments))
        # From this thread, never from one of a pool: the kernel kills a child when the thread that forked it ends.
        process = self._process = EngineProcess(engine, engine_account(self._folder))
        await until(lambda: process.exited() or self.answers(), f"{self.name} answers", START_SECONDS)
        return not process.exited()

    async def answers(self) -> bool:
        """Whether it serves now."""
        return await asyncio.to_thread(self._engine.answers)

    async def kill(self) -> None:
        """Kill -9, it and all its children: as if the machine had died."""
        await self._end(signal.SIGKILL)

    async def stop(self, number: signal.Signals | None = None) -> None:
        """End it cleanly, or by another signal: for Postgres SIGQUIT is the "immediate" shutdown."""
        if self._is_paused:
            self.resume()
        await self._end(number or self._engine.stop_signal)

    def pause(self) -> None:
        """SIGSTOP, it and all its children: it holds its connections, and says nothing."""
        if self._process is not None:
            send(self._pid, signal.SIGSTOP)
            self._is_paused = True

    def resume(self) -> None:
        """SIGCONT after `pause`."""
        if self._process is not None:
            send(self._pid, signal.SIGCONT)
            self._is_paused = False

    async def wipe(self) -> None:
        """Take its data away; only while it is dead."""
        if self.is_running:
            raise RuntimeError(f"{self.name} runs")
        for path in self._engine.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    async def restore(self) -> None:
        """Have it run and answer, whatever was done to it."""
        if self._is_paused:
            self.resume()
        if not self.is_running:
            await self.start()

    @property
    def _pid(self) -> int:
        assert self._process is not None
        return self._process._child.pid

    async def _end(self, number: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        if number is signal.SIGKILL:
            send(self._pid, number)
        else:
            process._child.send_signal(number)
        self._is_paused = False
        await until(process.exited, f"{self.name} ends", _STOP_SECONDS)


class OwnEngines:
    """Both, with a database to copy: migrated and seeded once. Made by `OwnEngines.start`."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self.postgres = OwnEngine(folder, postgres_engine(folder))
        self.valkey = OwnEngine(folder, valkey_engine(folder))

    @classmethod
    async def start(cls, root: Path) -> "OwnEngines":
        """Make both in the folder `root` and start them: some 3 s. Its path must be short enough for sockets."""
        folder = DataFolder.at(root)
        folder.root.mkdir(parents=True, exist_ok=True)
        account = engine_account(folder)
        make_places(folder, account)
        if not has_cluster(folder):
            make_cluster(folder, account)
        give(folder.postgres, account)
        engines = cls(folder)
        try:
            await asyncio.gather(engines.postgres.start(), engines.valkey.start())
            ensure_database(folder.postgres_socket)
            await _fill(folder.urls.database_url)
        except BaseException:
            await engines.stop()
            raise
        return engines

    @property
    def postgres_socket(self) -> Path:
        """What a proxy of Postgres passes on to."""
        return self._folder.postgres_socket

    @property
    def valkey_socket(self) -> Path:
        """What a proxy of Valkey passes on to."""
        return self.valkey.socket

    @property
    def redis_url(self) -> str:
        """Where Valkey is."""
        return self.valkey.url

    def another_valkey(self, root: Path) -> OwnEngine:
        """Return a Valkey with a folder of its own, which is not started yet."""
        folder = DataFolder.at(root)
        folder.root.mkdir()
        make_places(folder, engine_account(self._folder))
        return OwnEngine(folder, valkey_engine(folder))

    async def fresh_database(self) -> str:
        """Return the URL of a new database, migrated and seeded: a copy, so it takes some 0.1 s."""
        name = f"faults_{uuid4().hex}"
        server = create_async_engine(self._folder.urls.database_url, isolation_level="AUTOCOMMIT")
        async with server.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}"))
        await server.dispose()
        return self._folder.urls.database_url.replace("/fluentpro?", f"/{name}?")

    async def flush_valkey(self) -> None:
        """Empty it."""
        client = connect(self.redis_url, connections=1)
        await client.flushall()
        await client.aclose()

    def story(self) -> str:
        """Return the end of what each of them wrote."""
        return "\n".join(f"--- {each.name}\n{each.log}" for each in (self.postgres, self.valkey))

    async def restore(self) -> None:
        """Have both run, whatever was done to them."""
        await self.postgres.restore()
        await self.valkey.restore()

    async def stop(self) -> None:
        """End both, and leave nothing outside their folder."""
        for engine in (self.postgres, self.valkey):
            if engine.is_running:
                await engine.kill()
        if self._folder.run.parent != self._folder.root:
            with suppress(OSError):
                shutil.rmtree(self._folder.run)


_TEMPLATE = "faults_template"


async def _fill(url: str) -> None:
    """Make the database that others are copies of: nobody is connected to it, or Postgres would refuse to copy it."""
    server = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {_TEMPLATE}"))
    await server.dispose()
    connections = Connections(create_engine(url.replace("/fluentpro?", f"/{_TEMPLATE}?"), pool_size=2))
    await migrate(connections.engine)
    await seed(connections, read_catalog())
    await connections.close()
