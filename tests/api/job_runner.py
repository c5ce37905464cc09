"""A worker's part, in this process: jobs are run when a test says so."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from api.learner import Learner

from adapters.choices import master_keys
from adapters.job_services import JobServices
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.shared.clock import system_clock
from domain.shared.jobs import Job, JobRequest
from workers.tasks.job_task import JobTask
from workers.tasks.registry import tasks


async def run_job(product: Any, job_id: UUID | str) -> None:
    """Run a job's next attempt, as a worker does."""
    await JobTask(_services(product), tasks(), asyncio.Event())(UUID(str(job_id)))


async def queue(product: Any, name: str, learner: Learner) -> Job:
    """Queue what handlers of events queue for a learner."""
    services = _services(product)
    async with SqlUnitOfWork(services.connections, system_clock, services.master) as work:
        arguments = {"user_id": learner.user_id}
        job = work.enqueue(JobRequest(name, uuid4().hex, arguments, UUID(learner.user_id)))
        await work.commit()
    return job


async def recommend(product: Any, learner: Learner) -> None:
    """Work out what to recommend to a learner."""
    await run_job(product, (await queue(product, "practice.recommend_scenarios", learner)).id)


def _services(product: Any) -> JobServices:
    application, settings = product.application, product.settings
    return JobServices(settings, application.connections, application.reads, master_keys(settings), system_clock)
