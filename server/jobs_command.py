"""Looking at jobs, following and changing them, for operators."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

import typer

from adapters.engines import EngineUrls
from adapters.settings import Settings, load_settings
from adapters.sql.engine import Connections, create_engine
from adapters.sql.job_list import SqlJobs
from domain.jobs.use_cases import LOOK_EVERY
from domain.shared.clock import system_clock
from domain.shared.jobs import Job, JobState, Progress
from server.engines import engines_for
from server.reachability import require_named
from server.tools import require_tables

_T = TypeVar("_T")
_Work: TypeAlias = Callable[[Connections], Awaitable[_T]]

_HEADINGS = ("job", "name", "state", "progress", "attempts", "reason", "created")


class _Bar:
    """A bar that grows with the job; of a job that does not count, a line a state."""

    def __init__(self) -> None:
        self._last = ""

    def show(self, job: Job) -> None:
        """Draw the job as it is now, over what was drawn before on a terminal."""
        line = bar(job)
        if line != self._last:
            typer.echo(f"\r{line:<{len(self._last)}}", nl=False, err=True)
            self._last = line

    def end(self) -> None:
        """Leave the bar as it is."""
        typer.echo(err=True)


def show_list(user_id: UUID | None, limit: int) -> None:
    """Print jobs as a table. Raises what REFUSALS names."""

    async def find(connections: Connections) -> Sequence[Job]:
        async with connections.reading() as connection:
            return await SqlJobs(connection).of_user(user_id, None, limit)

    for line in table(_run(find)):
        typer.echo(line)


def show_one(job_id: UUID) -> None:
    """Print one job; exit 1 when there is none. Raises what REFUSALS names."""
    for line in details(_found(job_id, _run(lambda connections: _get(connections, job_id)))):
        typer.echo(line)


def watch(job_id: UUID) -> None:
    """Follow one job to its end; exit 1 unless it succeeds. Raises what REFUSALS names."""
    job = _found(job_id, _run(lambda connections: _follow(connections, job_id)))
    typer.echo(ending(job))
    if job.state is not JobState.SUCCEEDED:
        raise typer.Exit(1)


def retry(job_id: UUID) -> None:
    """Queue one anew; exit 1 when it can not be. Raises what REFUSALS names."""

    def change(jobs: SqlJobs) -> Awaitable[Job | None]:
        return jobs.retry(job_id, system_clock())

    job = _found(job_id, _run(lambda connections: _changed(connections, change)))
    if job.state is not JobState.QUEUED:
        typer.echo(f"{job_id} is {job.state}: what has failed or was cancelled can be tried again", err=True)
        raise typer.Exit(1)
    typer.echo(f"{job_id} is queued")


def cancel(job_id: UUID) -> None:
    """Have one cancelled; exit 1 when it has ended otherwise. Raises what REFUSALS names."""

    def change(jobs: SqlJobs) -> Awaitable[Job | None]:
        return jobs.request_cancel(job_id, None, system_clock())

    job = _found(job_id, _run(lambda connections: _changed(connections, change)))
    told = job.state is JobState.RUNNING
    typer.echo(f"{job_id} was told to end" if told else f"{job_id} is {job.state}")
    if not told and job.state in {JobState.SUCCEEDED, JobState.FAILED}:
        raise typer.Exit(1)


def table(jobs: Sequence[Job]) -> Iterator[str]:
    """Yield the lines of a table of jobs."""
    rows = [_HEADINGS, *map(_row, jobs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def details(job: Job) -> Iterator[str]:
    """Yield a line for each thing that is known of a job."""
    known = {
        "job": str(job.id),
        "name": job.name,
        "state": job.state.value,
        "user": str(job.user_id or "none: one of our own"),
        "progress": _progress(job.progress),
        "attempts": f"{job.attempts} ({job.failures} failed, {job.crashes} crashed)",
        "due": _moment(job.due_at),
        "created": _moment(job.created_at),
        "updated": _moment(job.updated_at),
        "finished": _moment(job.finished_at),
        "cancelled": _moment(job.cancel_requested_at),
        "reason": job.failure_reason or "",
        "error": job.error or "",
        "correlation": job.correlation_id,
    }
    yield from (f"{name:<12} {value}" for name, value in known.items() if value)


def bar(job: Job, width: int = 30) -> str:
    """Return how far a job is as one line."""
    progress = job.progress
    if progress is None or progress.total <= 0:
        return f"{job.state.value}"
    filled = width * min(progress.done, progress.total) // progress.total
    return (
        f"[{'#' * filled}{'-' * (width - filled)}] {progress.done}/{progress.total}  {progress.text or job.state.value}"
    )


def ending(job: Job) -> str:
    """Return a sentence about a job that has ended."""
    why = f": {job.failure_reason}, {job.error}" if job.state is JobState.FAILED else ""
    return f"{job.id} {job.state.value}{why}"


def _row(job: Job) -> tuple[str, ...]:
    reason = job.failure_reason or ""
    progress = _progress(job.progress)
    return str(job.id), job.name, job.state.value, progress, str(job.attempts), reason, _moment(job.created_at)


def _progress(progress: Progress | None) -> str:
    return "" if progress is None else f"{progress.done}/{progress.total} {progress.text}".rstrip()


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


async def _get(connections: Connections, job_id: UUID) -> Job | None:
    async with connections.reading() as connection:
        return await SqlJobs(connection).get(job_id, None)


async def _follow(connections: Connections, job_id: UUID) -> Job | None:
    shown = _Bar()
    while (job := await _get(connections, job_id)) is not None:
        shown.show(job)
        if job.has_ended:
            shown.end()
            break
        await asyncio.sleep(LOOK_EVERY)
    return job


async def _changed(connections: Connections, change: Callable[[SqlJobs], Awaitable[Job | None]]) -> Job | None:
    async with connections.transaction() as connection:
        job = await change(SqlJobs(connection))
        await connection.commit()
    return job


def _found(job_id: UUID, job: Job | None) -> Job:
    if job is None:
        typer.echo(f"there is no job {job_id}", err=True)
        raise typer.Exit(1)
    return job


def _run(work: "_Work[_T]") -> _T:
    settings = load_settings(os.environ)
    with engines_for(settings, lambda line: typer.echo(line, err=True)) as urls:
        return asyncio.run(_with_connections(settings, urls, work))


async def _with_connections(settings: Settings, urls: EngineUrls, work: "_Work[_T]") -> _T:
    await require_named(settings)
    async with _connections(urls) as connections:
        await require_tables(connections.engine)
        return await work(connections)


@asynccontextmanager
async def _connections(urls: EngineUrls) -> AsyncIterator[Connections]:
    connections = Connections(create_engine(urls.database_url, pool_size=2))
    try:
        yield connections
    finally:
        await connections.close()
