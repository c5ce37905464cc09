"""The dispatcher: it hands due jobs to the broker, and takes back those whose worker is gone.

It is first sending, sweeper and scheduler in one; any number of processes may run it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn, Protocol

from adapters.sql.engine import Connections
from adapters.sql.job_bell import JobBell
from adapters.sql.job_queue import JobQueue
from adapters.telemetry.job_metrics import DispatchCounts
from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from domain.shared.jobs import Job, JobRequest

_log = logging.getLogger(__name__)


class JobSender(Protocol):
    """Hands jobs to the broker. It blocks, in a thread that is its own."""

    def send(self, jobs: Sequence[Job]) -> int:
        """Send them in order up to the first that cannot be sent; return how many were."""

    def close(self) -> None:
        """Let go of its connection."""


@dataclass(frozen=True, slots=True)
class DispatchTimes:
    """In seconds."""

    poll: float = 1.0
    """Between two looks at the table; new jobs ring."""
    resend: float = 30.0
    """After which a job that was sent and not begun is sent again."""
    send: float = 20.0
    """What sending a batch may take: two time-outs of the broker's connection, and some."""
    doubt: float = 15.0
    """After an outage of the database, how long nobody is taken for dead: a lease, so that all can renew theirs."""


@dataclass(frozen=True, slots=True)
class DispatchSizes:
    """How much at once."""

    batch: int = 100
    in_flight: int = 1000
    """Jobs sent and not begun: what is sent again after `resend` is at most so much, however long the backlog is."""


class Dispatcher:
    """Sends what is due until it is cancelled."""

    def __init__(  # noqa: PLR0913 - its collaborators, all named
        self,
        connections: Connections,
        connect: Callable[[], JobSender],
        periodic: Sequence[JobRequest],
        clock: Clock,
        counts: DispatchCounts,
        *,
        times: DispatchTimes = DispatchTimes(),
        sizes: DispatchSizes = DispatchSizes(),
    ) -> None:
        self._queue = JobQueue(connections)
        self._bell = JobBell(connections)
        self._connect = connect
        self._periodic = periodic
        self._clock = clock
        self._counts = counts
        self._times = times
        self._sizes = sizes
        self._sender: JobSender | None = None
        self._threads = _one_thread()
        self._next_care = 0.0
        self._doubt_until = 0.0
        self._is_ready = False

    async def run(self) -> NoReturn:
        """Dispatch until cancelled; what goes wrong in one pass is logged and tried again in the next."""
        try:
            while True:
                more = await self._pass()
                if not more:
                    await self._bell.wait(self._times.poll)
        finally:
            await self._bell.close()
            self._drop_sender()

    async def _pass(self) -> bool:
        try:
            await self._care()
            return await self.dispatch()
        except Unavailable as error:
            self._doubt_until = self._time() + self._times.doubt
            _log.warning("The dispatcher has to wait: %s", error)
        except Exception:  # noqa: BLE001 - the jobs of all depend on its going on
            _log.exception("The dispatcher failed in one pass.")
        await asyncio.sleep(self._times.poll)
        return False

    async def dispatch(self) -> bool:
        """Send what is due; return whether there may be more. Raises Unavailable."""
        jobs = await self._queue.take_due(self._sizes.batch, self._sizes.in_flight)
        if not jobs:
            return False
        sent = await self._send(jobs)
        self._counts.sent += sent
        if sent < len(jobs):
            self._counts.unsent += len(jobs) - sent
            await self._queue.unsend(jobs[sent:])
            return False
        return len(jobs) == self._sizes.batch

    async def _care(self) -> None:
        """Take care of what was sent in vain and of what was left behind, once a poll."""
        now = self._time()
        if now < self._next_care:
            return
        self._next_care = now + self._times.poll
        if self._periodic and not self._is_ready:
            await self._queue.ensure(self._periodic, self._clock())
            self._is_ready = True
        self._counts.sent_again += await self._queue.forget_sends(timedelta(seconds=self._times.resend))
        if now >= self._doubt_until:
            for job in await self._queue.take_back(self._sizes.batch, self._clock()):
                self._counts.taken_back += 1
                _log.warning("Job %s (%s): its worker is gone; it is %s.", job.id, job.name, job.state)

    async def _send(self, jobs: Sequence[Job]) -> int:
        """Send within a time: a broker that swallows everything holds a thread, and never the loop."""
        sender = self._sender = self._sender or self._connect()
        sending = asyncio.get_running_loop().run_in_executor(self._threads, sender.send, jobs)
        try:
            return await asyncio.wait_for(asyncio.shield(sending), self._times.send)
        except TimeoutError:
            _log.warning("The broker took longer than %g s.", self._times.send)
            sending.add_done_callback(_forget)
            self._drop_sender()
            return 0

    def _drop_sender(self) -> None:
        """Leave the thread and its connection to their own end; others take their place."""
        sender, self._sender = self._sender, None
        if sender is not None:
            self._threads.submit(sender.close)
        self._threads.shutdown(wait=False)
        self._threads = _one_thread()

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="job sender")


def _forget(sending: "asyncio.Future[int]") -> None:
    if not sending.cancelled():
        sending.exception()  # retrieved: nobody waits for it any more
