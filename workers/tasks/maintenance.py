"""Keeping our own house."""

from collections.abc import Mapping
from datetime import timedelta

from adapters.sql.retention import sweep
from domain.shared.jobs import JobRequest
from workers.tasks.attempt import Attempt
from workers.tasks.task import Policy, Task


async def remove_what_is_old(context: Attempt) -> Mapping[str, int]:
    """Remove answers, sessions, jobs and processes that nobody needs any more; the result counts them by table."""
    return await sweep(context.services.connections)


TASKS = (Task("maintenance.sweep", remove_what_is_old, Policy(seconds=300)),)

PERIODIC = (JobRequest("maintenance.sweep", "maintenance.sweep", {}, every=timedelta(minutes=10)),)
