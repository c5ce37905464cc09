"""`fluentpro jobs`: what goes on behind the answers."""

from typing import Annotated
from uuid import UUID

import typer

jobs = typer.Typer(help="What goes on behind the answers.", no_args_is_help=True)

JobId = Annotated[UUID, typer.Argument(help="As `jobs list` names it.")]


@jobs.command("list")
def list_jobs(
    *,
    user: Annotated[UUID | None, typer.Option(help="One user's; everybody's when absent.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many.")] = 20,
) -> None:
    """List jobs, the newest first."""
    from server.jobs_command import show_list

    show_list(user, limit)


@jobs.command()
def show(job_id: JobId) -> None:
    """Print all about one job but its arguments, which may be somebody's words."""
    from server.jobs_command import show_one

    show_one(job_id)


@jobs.command()
def watch(job_id: JobId) -> None:
    """Follow a job with a bar until it has ended; exit 1 unless it succeeds."""
    from server.jobs_command import watch

    watch(job_id)


@jobs.command()
def retry(job_id: JobId) -> None:
    """Queue a job anew that has failed or was cancelled."""
    from server.jobs_command import retry

    retry(job_id)


@jobs.command()
def cancel(job_id: JobId) -> None:
    """Have a job cancelled."""
    from server.jobs_command import cancel

    cancel(job_id)
