"""Engines of their own, a dispatcher in this process, and workers in processes."""

import asyncio
import inspect
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from adapters.engines import Engines
from adapters.engines.folder import DataFolder
from adapters.sql.engine import Connections, create_engine
from adapters.sql.migrations import migrate
from adapters.telemetry.job_metrics import DispatchCounts
from domain.shared.clock import system_clock
from domain.shared.jobs import Job, JobRequest
from workers.dispatcher import Dispatcher, DispatchSizes, DispatchTimes
from workers.tasks import registry
from workers.tasks.task import Task

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def _load_stage():
    sys.path.insert(0, str(HERE))
    import job_stage

    return job_stage


# Fixtures of the whole run are made for whoever asks first: these have to be others, down to the connections.
@pytest.fixture(scope="session")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of engines that nobody else uses: some tests empty the Redis."""
    folder = tmp_path_factory.mktemp("jobs")
    engines = Engines.start(folder, report=lambda _line: None)
    yield folder
    engines.stop()


@pytest.fixture(scope="session")
def redis_url(own_folder: Path) -> str:
    return DataFolder.at(own_folder).urls.redis_url


@pytest.fixture(scope="session")
async def database_url(own_folder: Path) -> str:
    url = DataFolder.at(own_folder).urls.database_url
    engine = create_engine(url, pool_size=1)
    await migrate(engine)
    await engine.dispose()
    return url


@pytest.fixture(scope="session")
async def connections(database_url: str) -> AsyncIterator[Connections]:
    connections = Connections(create_engine(database_url, pool_size=10))
    yield connections
    await connections.close()


@pytest.fixture(scope="session", autouse=True)
async def _effects(connections: Connections) -> None:
    async with connections.transaction() as connection:
        await connection.execute(text("CREATE TABLE stage_effect (job_id uuid, note text, attempt int)"))
        await connection.commit()


async def until(condition, seconds: float = 20):
    """Return what the condition gives once it is true of it."""
    loop = asyncio.get_running_loop()
    limit = loop.time() + seconds
    while True:
        holds = condition()
        holds = await holds if inspect.isawaitable(holds) else holds
        if holds:
            return holds
        assert loop.time() < limit, "the condition did not come true"
        await asyncio.sleep(0.02)


class Stage:
    """What the tests do with jobs."""

    def __init__(self, connections, sql_work, sql_reads):
        self.connections, self.work, self.reads = connections, sql_work, sql_reads
        self.until = until

    async def queue(self, name: str, arguments=None, **more) -> Job:
        async with self.work() as work:
            job = work.enqueue(JobRequest(name, more.pop("key", str(uuid4())), arguments or {}, **more))
            await work.commit()
        return job

    async def get(self, job: Job) -> Job:
        async with self.reads() as reads:
            return await reads.jobs.get(job.id, None)

    async def ended(self, job: Job, seconds: float = 25) -> Job:
        async def has_ended():
            now = await self.get(job)
            return now if now.has_ended else None

        return await until(has_ended, seconds)

    async def in_state(self, job: Job, state: str, seconds: float = 20) -> Job:
        async def is_in_it():
            now = await self.get(job)
            return now if now.state == state else None

        return await until(is_in_it, seconds)

    async def cancel(self, job: Job) -> Job:
        async with self.work() as work:
            after = await work.jobs.request_cancel(job.id, job.user_id, system_clock())
            await work.commit()
        return after

    async def effects(self, *jobs: Job) -> int:
        async with self.connections.reading() as connection:
            found = await connection.execute(
                text("SELECT count(*) FROM stage_effect WHERE job_id = ANY(:ids)"), {"ids": [job.id for job in jobs]}
            )
            return found.scalar_one()


@pytest.fixture
async def stage(connections, sql_work, sql_reads) -> Stage:
    """A table without the jobs of other tests."""
    async with connections.transaction() as connection:
        await connection.execute(text("DELETE FROM job"))
        await connection.commit()
    return Stage(connections, sql_work, sql_reads)


@pytest.fixture(scope="session")
def every_task() -> list[Task]:
    """Our tasks and those of the stage."""
    return [*registry.tasks().values(), *_load_stage().TASKS]


@pytest.fixture(scope="session")
def celery_app(redis_url: str, every_task: list[Task]):
    from workers.celery_app import make_app

    return make_app(redis_url, every_task)


@pytest.fixture
async def dispatchers(connections, celery_app):
    """Start dispatchers: `dispatchers(2)`; they stop with the test."""
    from workers.sending import CelerySender

    names = {name for name in celery_app.tasks if not name.startswith("celery.")}
    running = []

    def start(count: int = 1, periodic=(), connect=None, **times):
        for _ in range(count):
            dispatcher = Dispatcher(
                connections,
                connect or (lambda: CelerySender(celery_app, names)),
                periodic,
                system_clock,
                DispatchCounts(),
                times=DispatchTimes(**{"poll": 0.2, "resend": 3.0, "send": 5.0, "doubt": 1.0, **times}),
                sizes=DispatchSizes(),
            )
            running.append(asyncio.create_task(dispatcher.run()))

    yield start
    for each in running:
        each.cancel()
        with suppress(asyncio.CancelledError):
            await each


class WorkerCommand:
    """`celery -A job_stage worker`, as a process."""

    def __init__(self, folder: Path, environ: dict[str, str], words: tuple[str, ...]):
        self.log = folder / f"worker-{uuid4().hex[:6]}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "job_stage", "worker", "-n", f"{uuid4().hex[:8]}@%h", *words],
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self.process.pid

    @property
    def said(self) -> str:
        return self.log.read_text()

    def children(self) -> list[int]:
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.pid)], check=False, capture_output=True, text=True
        )
        return [int(pid) for pid in found.stdout.split()]

    async def ready(self, seconds: float = 30) -> "WorkerCommand":
        await until(lambda: self.process.poll() is not None or " ready." in self.said, seconds)
        assert self.process.poll() is None, self.said
        return self

    async def ended(self, seconds: float = 30) -> int:
        await until(lambda: self.process.poll() is not None, seconds)
        return self.process.returncode

    def kill_all(self) -> None:
        """Kill -9 the worker and the processes of its pool, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, 9)
        self.process.wait()


class Workers:
    """Starts workers, and ends them all by force."""

    def __init__(self, folder: Path, redis_url: str, database_url: str) -> None:
        self._folder = folder
        self._given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "DATA_DIR": str(folder)}
        self._started: list[WorkerCommand] = []

    async def start(self, *words: str, concurrency: int = 1, **more: str) -> WorkerCommand:
        """Start one: settings as `failpoints="…"`, what is for the stage as `job_stage_soft="1"`."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FLUENTPRO_")}
        given = self._given | {name.upper(): value for name, value in more.items() if not name.startswith("job_")}
        stage = {name.upper(): value for name, value in more.items() if name.startswith("job_")}
        path = {"PYTHONPATH": str(HERE), "JOB_STAGE_WORKER": "1"}
        environ = clean | path | stage | {f"FLUENTPRO_{name}": value for name, value in given.items()}
        command = WorkerCommand(self._folder, environ, ("--concurrency", str(concurrency), *words))
        self._started.append(command)
        return await command.ready()

    def end(self) -> None:
        for command in self._started:
            command.kill_all()
            print(f"--- worker {command.pid}\n{command.said}")


@pytest.fixture
async def start_worker(tmp_path: Path, redis_url: str, database_url: str) -> AsyncIterator:
    """Start a worker: `await start_worker(failpoints="…")`."""
    workers = Workers(tmp_path, redis_url, database_url)
    yield workers.start
    workers.end()


@pytest.fixture(scope="module")
async def worker(
    tmp_path_factory: pytest.TempPathFactory, redis_url: str, database_url: str
) -> AsyncIterator[WorkerCommand]:
    """One worker for the tests of a module, which do it no harm."""
    workers = Workers(tmp_path_factory.mktemp("worker"), redis_url, database_url)
    yield await workers.start()
    workers.end()
