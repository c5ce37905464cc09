"""`fluentpro jobs`, against a real database."""

import asyncio
import os
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from domain.shared.jobs import Job, JobRequest
from server.cli import app


@pytest.fixture
async def job(sql_work) -> Job:
    async with sql_work() as work:
        made = work.enqueue(JobRequest("practice.generate_scenarios", uuid4().hex, {"secret": "words"}, UUID(int=7)))
        await work.commit()
    return made


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, database_url: str, redis_url: str):
    """Run the command in a thread: it has a loop of its own."""
    for name in [name for name in os.environ if name.startswith("FLUENTPRO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLUENTPRO_DATABASE_URL", database_url)
    monkeypatch.setenv("FLUENTPRO_REDIS_URL", redis_url)

    async def run(*words: object) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, app, ["jobs", *map(str, words)])

    return run


@pytest.fixture
def change(connections):
    async def change(job: Job, values: str) -> None:
        async with connections.transaction() as connection:
            await connection.execute(text(f"UPDATE job SET {values} WHERE id = :id"), {"id": job.id})
            await connection.commit()

    return change


async def test_jobs_are_listed_and_shown_without_their_arguments(jobs, job) -> None:
    listed = await jobs("list", "--user", UUID(int=7))
    assert listed.exit_code == 0
    heading, *rows = listed.stdout.splitlines()
    assert heading.split() == ["job", "name", "state", "progress", "attempts", "reason", "created"]
    assert any(row.startswith(f"{job.id}  practice.generate_scenarios  queued") for row in rows)
    shown = await jobs("show", job.id)
    assert f"state        queued\nuser         {UUID(int=7)}" in shown.stdout
    assert "words" not in listed.stdout + shown.stdout


async def test_a_watched_job_has_a_bar_and_its_end_is_the_exit_code(jobs, job, change) -> None:
    await change(job, 'state = \'running\', progress = \'{"done": 1, "total": 4, "text": "1 of 4 scenarios"}\'')
    watching = asyncio.create_task(jobs("watch", job.id))
    await asyncio.sleep(0.6)  # paces the watcher
    await change(job, 'state = \'succeeded\', progress = \'{"done": 4, "total": 4, "text": "4 of 4 scenarios"}\'')
    watched = await watching
    assert watched.exit_code == 0
    assert "[#######-----------------------] 1/4  1 of 4 scenarios" in watched.output
    assert f"[{'#' * 30}] 4/4" in watched.output
    assert f"{job.id} succeeded" in watched.stdout


async def test_a_job_that_fails_fails_its_watch(jobs, job, change) -> None:
    await change(job, "state = 'failed', failure_reason = 'CRASHED', error = 'Its worker died 3 times.'")
    watched = await jobs("watch", job.id)
    assert watched.exit_code == 1
    assert f"{job.id} failed: CRASHED, Its worker died 3 times." in watched.stdout


async def test_what_has_failed_is_tried_again_and_what_is_done_is_not(jobs, job, change) -> None:
    await change(job, "state = 'failed', failure_reason = 'CRASHED', crashes = 3")
    assert (await jobs("retry", job.id)).stdout == f"{job.id} is queued\n"
    await change(job, "state = 'succeeded'")
    refused = await jobs("retry", job.id)
    assert refused.exit_code == 1
    assert "can be tried again" in refused.output


async def test_a_job_is_cancelled_told_or_left(jobs, job, change) -> None:
    await change(job, "state = 'running'")
    assert (await jobs("cancel", job.id)).stdout == f"{job.id} was told to end\n"
    await change(job, "state = 'queued', cancel_requested_at = NULL")
    assert (await jobs("cancel", job.id)).stdout == f"{job.id} is cancelled\n"
    await change(job, "state = 'succeeded'")
    assert (await jobs("cancel", job.id)).exit_code == 1


@pytest.mark.parametrize("command", ["show", "watch", "retry", "cancel"])
async def test_no_such_job_is_a_sentence(jobs, command) -> None:
    unknown = uuid4()
    refused = await jobs(command, unknown)
    assert refused.exit_code == 1
    assert f"there is no job {unknown}" in refused.output
    assert (await jobs(command, "x")).exit_code == 2
