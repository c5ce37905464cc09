"""Jobs on real engines, with a real worker: the ordinary way, and what bad input gets."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.shared.clock import system_clock
from domain.shared.jobs import JobRequest, JobState


@pytest.fixture(autouse=True)
async def _dispatching(dispatchers):
    dispatchers()


async def test_a_job_runs_once_and_ends_with_its_result(stage, worker):
    job = await stage.queue("stage.effect", {"note": "done"}, user_id=uuid4())
    ended = await stage.ended(job)
    assert (ended.state, ended.attempts, ended.result) == (JobState.SUCCEEDED, 1, {"note": "done"})
    assert ended.finished_at is not None
    assert ended.lease_until is None
    assert await stage.effects(job) == 1


async def test_of_two_requests_with_a_key_the_first_counts(stage, worker):
    jobs = [await stage.queue("stage.effect", {"note": note}, key="the same") for note in ("first", "second")]
    assert (await stage.ended(jobs[0])).result == {"note": "first"}
    assert await stage.get(jobs[1]) is None


async def test_a_job_whose_time_has_passed_runs_now(stage, worker):
    job = await stage.queue("stage.effect", due_at=system_clock() - timedelta(days=3))
    assert (await stage.ended(job)).state is JobState.SUCCEEDED


async def test_a_job_waits_until_it_is_due(stage, worker):
    due_at = system_clock() + timedelta(seconds=1)
    ended = await stage.ended(await stage.queue("stage.effect", due_at=due_at))
    assert ended.finished_at >= due_at


@pytest.mark.parametrize("arguments", [{"notes": 1}, {"note": 3}, {"user_id": "nobody"}, {"note": "x", "more": 1}])
async def test_arguments_of_an_old_signature_fail_with_a_reason(stage, worker, arguments):
    ended = await stage.ended(await stage.queue("stage.effect", arguments))
    assert (ended.state, ended.failure_reason, ended.attempts) == (JobState.FAILED, "BAD_ARGUMENTS", 1)
    assert "nobody" not in ended.error


@pytest.mark.parametrize("name", ["stage.forgotten", "elsewhere.something", "nonsense"])
async def test_an_unknown_task_fails_with_a_reason(stage, worker, name):
    ended = await stage.ended(await stage.queue(name))
    assert (ended.state, ended.failure_reason) == (JobState.FAILED, "UNKNOWN_TASK")


@pytest.mark.parametrize("how", ["transient", "network", "unexpected"])
async def test_what_may_pass_is_tried_again_after_a_wait(stage, worker, tmp_path, how):
    ended = await stage.ended(await stage.queue("stage.fail", {"how": how, "path": str(tmp_path / "tries")}))
    assert (ended.state, ended.attempts, ended.failures) == (JobState.SUCCEEDED, 3, 2)
    assert ended.failure_reason is None


async def test_a_refusal_is_not_tried_again(stage, worker, tmp_path):
    ended = await stage.ended(await stage.queue("stage.fail", {"how": "refused", "path": str(tmp_path / "tries")}))
    assert (ended.state, ended.failure_reason, ended.attempts) == (JobState.FAILED, "STAGE_REFUSED", 1)


async def test_what_goes_on_failing_fails_for_good_and_its_words_stay_inside(stage, worker, tmp_path):
    ended = await stage.ended(await stage.queue("stage.fail", {"how": "always", "path": str(tmp_path / "tries")}))
    assert (ended.state, ended.failure_reason, ended.attempts) == (JobState.FAILED, "UNEXPECTED", 3)
    assert "secret words" not in ended.error + worker.said
    assert str(tmp_path / "tries") not in worker.said


async def test_what_takes_too_long_fails_for_good(stage, worker, tmp_path):
    ended = await stage.ended(await stage.queue("stage.short", {"path": str(tmp_path / "never")}))
    assert (ended.state, ended.failure_reason, ended.attempts) == (JobState.FAILED, "TIMED_OUT", 2)


async def test_a_job_that_waits_is_cancelled_at_once(stage):
    after = await stage.cancel(await stage.queue("stage.effect", due_at=system_clock() + timedelta(days=1)))
    assert after.state is JobState.CANCELLED
    assert await stage.get(after) == after


async def test_a_job_that_runs_is_cancelled(stage, worker, tmp_path):
    job = await stage.queue("stage.wait", {"path": str(tmp_path / "never")})
    await stage.in_state(job, "running")
    assert (await stage.cancel(job)).state is JobState.RUNNING
    ended = await stage.ended(job)
    assert (ended.state, ended.failure_reason) == (JobState.CANCELLED, "CANCELLED")
    assert ended.progress is not None
    assert await stage.effects(job) == 0


async def test_a_job_that_has_ended_stays_as_it_is(stage, worker):
    ended = await stage.ended(await stage.queue("stage.effect"))
    assert await stage.cancel(ended) == ended


async def test_progress_is_shown_while_a_job_runs(stage, worker, tmp_path):
    job = await stage.queue("stage.wait", {"path": str(tmp_path / "go")})

    async def has_progress():
        return (await stage.get(job)).progress

    progress = await stage.until(has_progress)
    assert (progress.total, progress.text) == (100, "waiting")
    (tmp_path / "go").touch()
    assert (await stage.ended(job)).progress.done >= progress.done


async def test_a_job_that_repeats_is_queued_again_at_its_next_time(stage, worker, dispatchers):
    request = JobRequest("stage.effect", f"again {uuid4()}", {}, every=timedelta(seconds=1))
    dispatchers(2, periodic=(request,))

    async def found():
        async with stage.reads() as reads:
            jobs = await reads.jobs.of_user(None, None, 100)
        return next((job for job in jobs if job.key == request.key and job.attempts >= 2), None)

    job = await stage.until(found)
    assert job.state in {JobState.QUEUED, JobState.RUNNING}
    assert (job.due_at - job.starts_at).total_seconds() % 1 == 0


async def test_an_operator_begins_a_failed_job_anew(stage, worker, tmp_path):
    place = tmp_path / "tries"
    job = await stage.ended(await stage.queue("stage.fail", {"how": "refused", "path": str(place)}))
    place.write_text("1\n2\n")
    async with stage.work() as work:
        await work.jobs.retry(job.id, system_clock())
        await work.commit()
    ended = await stage.ended(job)
    assert (ended.state, ended.attempts) == (JobState.SUCCEEDED, 2)
