"""Running jobs in a process of Celery's pool: on one event loop, in a thread of its own.

The thread that Celery calls only waits. So leases are renewed and beats go on whatever that thread is told, between two
jobs too, and a time limit's exception strikes nobody in the middle of the loop.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import uvloop
from celery.exceptions import SoftTimeLimitExceeded

from adapters.job_services import open_job_services
from adapters.settings import Settings
from adapters.sql.worker_processes import WorkerProcesses
from domain.shared.errors import Unavailable
from workers.beats import Beats
from workers.tasks.job_task import JobTask, LeaseTimes
from workers.tasks.registry import tasks

_OPEN_SECONDS = 30.0

_log = logging.getLogger(__name__)


class StopWatch(Protocol):
    """Tells the loop of a process when the whole worker has to stop."""

    def watch(self, loop: asyncio.AbstractEventLoop, then: Callable[[], None]) -> None:
        """Have `then` called on the loop at that time."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What the processes of one worker share from before the fork."""

    settings: Settings
    database_url: str
    node: str
    stop: StopWatch
    times: LeaseTimes = field(default_factory=LeaseTimes)


class Process:
    """One process that runs jobs: its loop, its engines, its beats."""

    def __init__(self, worker: Worker) -> None:
        self.pid = os.getpid()
        self._worker = worker
        self._loop = uvloop.new_event_loop()
        self._stack = AsyncExitStack()
        self._task: JobTask
        threading.Thread(target=self._loop.run_forever, name="jobs", daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(_OPEN_SECONDS)

    def run(self, job_id: UUID) -> None:
        """Run one job and return at its end."""
        running = asyncio.run_coroutine_threadsafe(self._run(job_id), self._loop)
        try:
            running.result()
        except SoftTimeLimitExceeded:
            # The task holds the loop. Should it ever let go, it ends as cancelled; else the process is killed.
            _log.error("Job %s holds the event loop of process %d.", job_id, self.pid)
            running.result()

    def close(self) -> None:
        """Say that the process ends, and close what it has open."""
        asyncio.run_coroutine_threadsafe(self._stack.aclose(), self._loop).result(_OPEN_SECONDS)

    async def _open(self) -> None:
        worker = self._worker
        services = await self._stack.enter_async_context(open_job_services(worker.settings, worker.database_url))
        stopping = asyncio.Event()
        self._task = JobTask(services, tasks(), stopping, worker.times)
        worker.stop.watch(self._loop, stopping.set)
        beats = Beats(WorkerProcesses(services.connections), worker.node, self.pid, self._task.running)
        await self._stack.enter_async_context(beats.going())

    async def _run(self, job_id: UUID) -> None:
        try:
            await self._task(job_id)
        except Unavailable as error:
            _log.warning("Job %s has to wait: %s", job_id, error)  # the dispatcher sends it again


class _Here:
    """The worker of this process, and what was made of it after the fork."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.process: Process | None = None
        self.lock = threading.Lock()

    def running(self) -> Process:
        """Return this process' own, made when first asked for: what a fork leaves of the parent's has no loop."""
        with self.lock:
            if self.worker is None:
                raise RuntimeError("no worker was set up in this process")
            if self.process is None or self.process.pid != os.getpid():
                self.process = Process(self.worker)
            return self.process


_here = _Here()


def set_up(worker: Worker) -> None:
    """Say what the processes of this worker have in common; before they are forked."""
    _here.worker = worker


def start_process() -> None:
    """Get this process ready for its first job."""
    _here.running()


def stop_process() -> None:
    """End this process' part; one that has never run a job has none."""
    process = _here.process
    if process is not None and process.pid == os.getpid():
        process.close()
        _here.process = None


def run_job(job_id: UUID) -> None:
    """Run a job in this process and return at its end."""
    _here.running().run(job_id)
