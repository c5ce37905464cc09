"""Jobs in a store of the benchmarks' own, with what sends them and what runs them."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast
from uuid import uuid4

from sqlalchemy import delete, func, select

from adapters.security.master_keys import MasterKeys
from adapters.sql.engine import Connections
from adapters.sql.tables.background import job as table
from adapters.sql.unit_of_work import SqlUnitOfWork
from adapters.telemetry.job_metrics import DispatchCounts
from domain.shared.clock import system_clock
from domain.shared.jobs import Job, JobRequest, JobState
from workers.celery_app import make_app
from workers.dispatcher import Dispatcher
from workers.sending import CelerySender
from workers.tasks.registry import tasks

from .servers.job_tasks import BEGIN, TASKS
from .servers.process import environment
from .store import Store, own_store

_MASTER = MasterKeys({"bench": bytes(range(32))})
_WORKER = f"{__name__.rpartition('.')[0]}.servers.worker"
_LOOK_SECONDS = 0.005
_STOP_SECONDS = 20.0

_OPEN = select(func.count()).where(table.c.finished_at.is_(None))
_ENDED_WELL = select(func.count(), func.max(table.c.finished_at)).where(table.c.state == JobState.SUCCEEDED)


class JobsFailed(Exception):
    """A job of the benchmarks did not succeed."""


@dataclass(frozen=True, slots=True)
class JobStore:
    """The table of jobs, with nobody else's in it."""

    connections: Connections

    async def enqueue(self, count: int) -> Sequence[Job]:
        """Commit so many jobs in one transaction."""
        async with SqlUnitOfWork(self.connections, system_clock, _MASTER) as work:
            jobs = [work.enqueue(JobRequest(BEGIN, str(uuid4()), {})) for _ in range(count)]
            await work.commit()
        return jobs

    async def all_ended(self, count: int) -> datetime:
        """Return when the last of the `count` jobs there are has ended, once it has. Raises JobsFailed."""
        while await self._open():  # noqa: ASYNC110 - what changes the table is another process
            await asyncio.sleep(_LOOK_SECONDS)
        async with self.connections.reading() as connection:
            succeeded, last = (await connection.execute(_ENDED_WELL)).one()
        if succeeded != count:
            raise JobsFailed(f"of {count} jobs {succeeded} succeeded")
        return cast("datetime", last)

    async def began(self, job: Job) -> float:
        """Return when the job was begun, in seconds since 1970."""
        async with self.connections.reading() as connection:
            result = (await connection.execute(select(table.c.result).where(table.c.id == job.id))).scalar_one()
        return float(result["began"])

    async def clear(self) -> None:
        """Forget all jobs."""
        async with self.connections.transaction() as connection:
            await connection.execute(delete(table))
            await connection.commit()

    async def _open(self) -> int:
        async with self.connections.reading() as connection:
            return int((await connection.execute(_OPEN)).scalar_one())


@asynccontextmanager
async def job_store(folder: Path) -> AsyncIterator[tuple[JobStore, Store]]:
    """Start engines in `folder` for a block. Raises EnginesFailed."""
    async with own_store(folder) as store:
        yield JobStore(store.connections), store


@asynccontextmanager
async def at_work(store: Store, folder: Path) -> AsyncIterator[None]:
    """For a block, send what is due, and have a worker with one process run it."""
    known = {task.name: task for task in (*tasks().values(), *TASKS)}
    app = make_app(store.urls.redis_url, known.values())
    dispatcher = Dispatcher(store.connections, lambda: CelerySender(app, known), (), system_clock, DispatchCounts())
    with _worker(store, folder):
        dispatching = asyncio.create_task(dispatcher.run())
        try:
            yield
        finally:
            dispatching.cancel()
            with suppress(asyncio.CancelledError):
                await dispatching


@contextmanager
def _worker(store: Store, folder: Path) -> Iterator[None]:
    urls = store.urls
    environ = environment(DATA_DIR=str(folder), DATABASE_URL=urls.database_url, REDIS_URL=urls.redis_url)
    arguments = ("--concurrency=1", "--without-mingle", "--without-gossip")
    command = [sys.executable, "-m", "celery", "-A", _WORKER, "worker", *arguments]
    with folder.with_suffix(".worker.log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
