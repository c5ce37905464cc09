"""What becomes of a job."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.shared import job_ends
from domain.shared.jobs import JobRequest, JobState, new_job

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def running(**more):
    job = new_job(JobRequest("area.do", "key", {}, every=more.pop("every", None)), NOON)
    return replace(job, state=JobState.RUNNING, attempts=1, lease_until=NOON, sent_at=NOON, **more)


@pytest.mark.parametrize(
    ("late", "next_run"),
    [(timedelta(), HOUR), (timedelta(minutes=59), HOUR), (HOUR, 2 * HOUR), (10 * HOUR, 11 * HOUR)],
)
@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
def test_a_job_that_repeats_is_due_at_the_next_multiple_however_it_ends(end, late, next_run):
    job, now = running(every=HOUR, failures=2, crashes=1), NOON + late
    after = {
        "succeeded": lambda: job_ends.succeeded(job, None, now),
        "failed": lambda: job_ends.failed(job, "WHY", "why", now),
        "cancelled": lambda: job_ends.cancelled(job, now),
    }[end]()
    assert (after.state, after.due_at) == (JobState.QUEUED, NOON + next_run)
    assert (after.failures, after.crashes, after.attempts, after.finished_at) == (0, 0, 1, now)


def test_a_run_that_was_retried_late_does_not_move_the_times():
    retried = job_ends.tried_again(running(every=HOUR), "WHY", "why", timedelta(minutes=7), NOON)
    assert retried.due_at == NOON + timedelta(minutes=7)
    assert job_ends.succeeded(retried, None, NOON + timedelta(minutes=8)).due_at == NOON + HOUR


def test_a_run_that_is_cancelled_before_it_is_due_is_skipped():
    job = replace(new_job(JobRequest("area.do", "key", {}, due_at=NOON + HOUR, every=HOUR), NOON))
    assert job_ends.cancel_requested(job, NOON).due_at == NOON + 2 * HOUR


def test_a_job_that_can_never_go_well_does_not_repeat():
    after = job_ends.failed_and_over(running(every=HOUR), "UNKNOWN_TASK", "what?", NOON)
    assert (after.state, after.every) == (JobState.FAILED, None)


def test_the_third_crash_is_the_last():
    job = running()
    for crashes in (1, 2):
        job = job_ends.crashed(replace(job, state=JobState.RUNNING), NOON)
        assert (job.state, job.crashes, job.due_at) == (JobState.QUEUED, crashes, NOON)
    job = job_ends.crashed(replace(job, state=JobState.RUNNING), NOON)
    assert (job.state, job.failure_reason) == (JobState.FAILED, "CRASHED")


def test_a_crash_of_what_was_to_be_cancelled_is_its_end():
    assert job_ends.crashed(running(cancel_requested_at=NOON), NOON).state is JobState.CANCELLED


def test_the_first_wish_to_cancel_counts():
    told = job_ends.cancel_requested(running(), NOON)
    assert (told.state, told.cancel_requested_at) == (JobState.RUNNING, NOON)
    assert job_ends.cancel_requested(told, NOON + HOUR) == told


def test_only_what_failed_or_was_cancelled_is_begun_anew():
    job = running()
    assert job_ends.begun_anew(job, NOON) == job
    done = job_ends.succeeded(running(), {}, NOON)
    assert job_ends.begun_anew(done, NOON) == done
