"""What a running job is given. A worker runs a job at least once; what is written through `work` is written once."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from domain.shared.jobs import Job, Jobs
from domain.shared.unit_of_work import UnitOfWork


class JobRepositories(Protocol):
    """What use cases about jobs use."""

    @property
    def jobs(self) -> Jobs:
        """All jobs."""


class JobsWork(UnitOfWork, JobRepositories, Protocol):
    """A transaction over jobs."""


class JobWork(UnitOfWork, Protocol):
    """A transaction of a running job. Its commit is refused, with JobLost, to a worker that no longer has the job.

    An area's own work is a subtype of both: `class GenerationWork(JobWork, PracticeRepositories, Protocol)`.
    """

    async def finish(self, result: Mapping[str, Any] | None = None) -> None:
        """Commit, with the job's end: state `succeeded` and its result, which is JSON and small."""


class JobContext(Protocol):
    """What a task is given beside its arguments."""

    @property
    def job(self) -> Job:
        """The job as it was when this attempt began."""

    @property
    def work(self) -> Callable[[], Any]:
        """Begin a unit of work of this attempt: `async with context.work() as work`, which is a JobWork."""

    @property
    def cancelled(self) -> bool:
        """Whether somebody wants it cancelled. The task's coroutine is cancelled too, at its next await."""

    async def progress(self, done: int, total: int, text: str = "") -> None:
        """Show how far it is. The sentence holds nobody's data. Raises JobLost."""


class JobLost(Exception):
    """This attempt is no longer the one that runs: it may write nothing more."""
