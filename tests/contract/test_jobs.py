"""What every keeper of jobs does."""

from datetime import timedelta
from uuid import uuid4

import pytest
from fakes.jobs import FakeJobStore

from domain.shared.clock import system_clock
from domain.shared.jobs import JobPlace, JobRequest, JobState
from domain.shared.origin import Origin, current_origin


@pytest.fixture(params=["fake", "sql"])
def store(request):
    """A pair: how to write, how to read."""
    if request.param == "fake":
        store = FakeJobStore()
        return store.work, store.reads
    return request.getfixturevalue("sql_work"), request.getfixturevalue("sql_reads")


async def queued(store, user_id=None, **more):
    async with store[0]() as work:
        job = work.enqueue(JobRequest("area.do", more.pop("key", str(uuid4())), {"n": 1}, user_id, **more))
        await work.commit()
    return job


async def read(store, job_id, user_id=None):
    async with store[1]() as repositories:
        return await repositories.jobs.get(job_id, user_id)


async def changed(store, change):
    async with store[0]() as work:
        after = await change(work.jobs)
        await work.commit()
    return after


def same(left, right):
    """Due at once is due by the keeper's own clock."""
    return all(getattr(left, name) == getattr(right, name) for name in left.__slots__ if name != "due_at")


async def test_a_job_comes_back_as_it_was_queued(store):
    current_origin.set(Origin("the request", "user:somebody"))
    user_id = uuid4()
    job = await queued(store, user_id, every=timedelta(minutes=5), due_at=system_clock() + timedelta(days=1))
    assert await read(store, job.id, user_id) == job
    assert (job.queue, job.correlation_id, job.state) == ("area", "the request", JobState.QUEUED)


async def test_a_job_is_nobody_elses(store):
    job = await queued(store, uuid4())
    assert await read(store, job.id, uuid4()) is None
    assert await changed(store, lambda jobs: jobs.request_cancel(job.id, uuid4(), system_clock())) is None
    assert same(await read(store, job.id), job)


async def test_without_a_commit_nothing_is_queued(store):
    async with store[0]() as work:
        job = work.enqueue(JobRequest("area.do", str(uuid4()), {}))
    assert await read(store, job.id) is None


async def test_of_two_with_a_key_the_first_stays(store):
    key = str(uuid4())
    first, second = [await queued(store, key=key) for _ in range(2)]
    assert same(await read(store, first.id), first)
    assert await read(store, second.id) is None


async def test_a_users_jobs_come_newest_first_and_in_pages(store):
    user_id = uuid4()
    jobs = [await queued(store, user_id) for _ in range(3)]
    await queued(store, uuid4())
    async with store[1]() as repositories:
        first = await repositories.jobs.of_user(user_id, None, 2)
        place = JobPlace(first[-1].created_at, first[-1].id)
        rest = await repositories.jobs.of_user(user_id, place, 2)
    assert [job.id for job in [*first, *rest]] == [job.id for job in reversed(jobs)]


async def test_a_waiting_job_is_cancelled_and_begun_anew(store):
    job = await queued(store, uuid4())
    after = await changed(store, lambda jobs: jobs.request_cancel(job.id, job.user_id, system_clock()))
    assert (after.state, after.failure_reason) == (JobState.CANCELLED, "CANCELLED")
    assert same(await read(store, job.id), after)
    again = await changed(store, lambda jobs: jobs.retry(job.id, system_clock()))
    assert (again.state, again.cancel_requested_at, again.finished_at) == (JobState.QUEUED, None, None)
    assert same(await read(store, job.id), again)


async def test_a_job_that_repeats_skips_a_cancelled_run(store):
    job = await queued(store, every=timedelta(hours=1))
    after = await changed(store, lambda jobs: jobs.request_cancel(job.id, None, system_clock()))
    assert after.state is JobState.QUEUED
    assert after.due_at == job.starts_at + timedelta(hours=1)
    assert await read(store, job.id) == after


async def test_what_is_not_there_is_none(store):
    assert await changed(store, lambda jobs: jobs.request_cancel(uuid4(), None, system_clock())) is None
    assert await changed(store, lambda jobs: jobs.retry(uuid4(), system_clock())) is None
