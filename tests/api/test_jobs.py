"""Jobs as their learner sees them, through both doors."""

import asyncio
import email
from itertools import pairwise
from typing import Any

import pytest
from api.contract import RPCS
from api.job_runner import queue, run_job
from api.learner import Learner
from sqlalchemy import text

GET, LIST, WATCH, CANCEL = (f"JobService/{name}" for name in ("GetJob", "ListJobs", "WatchJob", "CancelJob"))
QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = range(1, 6)


async def get(learner: Learner, job_id: str) -> Any:
    return (await learner.call(GET, job_id=job_id)).message.job


async def change(product: Any, job_id: str, values: str) -> None:
    async with product.application.connections.transaction() as connection:
        await connection.execute(text(f"UPDATE job SET {values} WHERE id = :id"), {"id": job_id})
        await connection.commit()


async def test_jobs_are_listed_the_newest_first(door, learner) -> None:
    jobs = [(await learner.generate()).id for _ in range(3)]
    answer = await door.call(LIST, RPCS[LIST].request(), learner.token)
    assert [job.id for job in answer.message.jobs] == jobs[::-1]


async def test_jobs_of_our_own_are_nobodys(product, door, learner) -> None:
    job = await learner.generate()
    await change(product, job.id, "user_id = NULL")
    assert (await door.call(GET, RPCS[GET].request(job_id=job.id), learner.token)).reason == "JOB_NOT_FOUND"
    assert not (await door.call(LIST, RPCS[LIST].request(), learner.token)).message.jobs


@pytest.mark.parametrize("job_id", ["x", "00000000", "\0", "{0c9f0000-0000-4000-8000-000000000000}"])
@pytest.mark.parametrize("name", [GET, WATCH, CANCEL])
async def test_what_is_no_id_of_a_job_is_not_found(door, owner, name, job_id) -> None:
    refused = await door.call(name, RPCS[name].request(job_id=job_id), owner.token)
    assert (refused.code, refused.reason) == ("NOT_FOUND", "JOB_NOT_FOUND")


async def test_a_watcher_sees_a_job_to_its_end(product, door, learner) -> None:
    job = await learner.generate()
    watching = asyncio.create_task(door.call(WATCH, RPCS[WATCH].request(job_id=job.id), learner.token))
    await change(
        product, job.id, 'state = \'running\', attempts = 7, progress = \'{"done": 1, "total": 2, "text": ""}\''
    )
    await _seen()
    await change(product, job.id, "state = 'queued'")
    await run_job(product, job.id)
    seen = [each.job for each in (await watching).messages]
    assert (seen[-1].state, seen[-1].progress.done, seen[-1].progress.total) == (SUCCEEDED, 3, 3)
    assert seen[-1] == await get(learner, job.id)
    assert seen[0].state in (QUEUED, RUNNING)
    assert all(one != next_one for one, next_one in pairwise(seen))


async def _seen() -> None:
    """Give the watcher the time of one look at the job."""
    await asyncio.sleep(0.4)  # paces the watcher


async def test_watching_what_has_ended_gives_it_once(product, door, learner) -> None:
    job = await learner.generate()
    await run_job(product, job.id)
    answer = await door.call(WATCH, RPCS[WATCH].request(job_id=job.id), learner.token)
    assert [each.job.state for each in answer.messages] == [SUCCEEDED]


async def test_a_job_that_vanishes_ends_its_watch(product, door, learner) -> None:
    job = await learner.generate()
    watching = asyncio.create_task(door.call(WATCH, RPCS[WATCH].request(job_id=job.id), learner.token))
    await _seen()
    await change(product, job.id, "user_id = NULL")
    outcome = await watching
    assert (outcome.code, outcome.reason) == ("NOT_FOUND", "JOB_NOT_FOUND")
    assert [each.job.state for each in outcome.messages] == [QUEUED]


async def test_a_job_that_waits_is_cancelled_at_once_and_never_runs(product, door, learner) -> None:
    job = await learner.generate()
    cancelled = (await door.call(CANCEL, RPCS[CANCEL].request(job_id=job.id), learner.token)).message.job
    assert (cancelled.state, cancelled.cancel_requested) == (CANCELLED, True)
    await run_job(product, job.id)
    assert await get(learner, job.id) == cancelled
    assert (await door.call(CANCEL, RPCS[CANCEL].request(job_id=job.id), learner.token)).message.job == cancelled


async def test_a_job_that_runs_is_told(product, door, learner) -> None:
    job = await learner.generate()
    await change(product, job.id, "state = 'running', attempts = 1, lease_until = now() + interval '1 minute'")
    told = (await door.call(CANCEL, RPCS[CANCEL].request(job_id=job.id), learner.token)).message.job
    assert (told.state, told.cancel_requested) == (RUNNING, True)


async def test_a_job_that_is_done_stays_done(product, door, learner) -> None:
    job = await learner.generate()
    await run_job(product, job.id)
    done = await get(learner, job.id)
    assert (await door.call(CANCEL, RPCS[CANCEL].request(job_id=job.id), learner.token)).message.job == done
    assert done.state == SUCCEEDED


@pytest.mark.parametrize(
    ("reason", "shown"),
    [("CRASHED", "Its worker died 3 times."), ("UNEXPECTED", "Something went wrong on our side.")],
)
async def test_a_failure_has_a_reason_and_a_sentence(product, door, learner, reason, shown) -> None:
    job = await learner.generate()
    await change(product, job.id, f"state = 'queued', failure_reason = '{reason}', error = 'Its worker died 3 times.'")
    assert not (await get(learner, job.id)).HasField("failure")
    await change(product, job.id, "state = 'failed', finished_at = now()")
    failed = (await door.call(GET, RPCS[GET].request(job_id=job.id), learner.token)).message.job
    assert (failed.state, failed.failure.reason, failed.failure.message) == (FAILED, reason, shown)


async def test_who_signs_up_is_welcomed_by_mail(product, learner) -> None:
    job = await queue(product, "identity.send_welcome_mail", learner)
    await run_job(product, job.id)
    assert (await get(learner, str(job.id))).state == SUCCEEDED
    sent = email.message_from_bytes((product.settings.data_dir / "mail" / f"{job.id}.eml").read_bytes())
    assert sent["To"] == f"Aylin Demir <{learner.email}>"
    assert sent["Message-ID"].startswith(f"<{job.id}@")


async def test_who_was_erased_meanwhile_gets_no_mail(product, learner) -> None:
    job = await queue(product, "identity.send_welcome_mail", learner)
    async with product.application.connections.transaction() as connection:
        await connection.execute(text("DELETE FROM account WHERE id = :id"), {"id": learner.user_id})
        await connection.commit()
    await run_job(product, job.id)
    async with product.application.reads() as reads:
        ended = await reads.jobs.get(job.id, None)
    assert (ended.state, ended.failure_reason) == ("failed", "USER_NOT_FOUND")
    assert not (product.settings.data_dir / "mail" / f"{job.id}.eml").exists()
