"""Which failures are tried again, and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.shared.errors import ConcurrentUpdate, InvalidRequest, Unavailable
from domain.shared.jobs import JobRequest, JobState, new_job
from workers.tasks.outcomes import Judge
from workers.tasks.task import Policy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = Policy(tries=3, transient_tries=5, first_wait=timedelta(seconds=1), longest_wait=timedelta(seconds=6))
JOB = replace(new_job(JobRequest("area.do", "key", {}), NOW), state=JobState.RUNNING)
LATEST = Judge(draw=lambda: 1.0)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unavailable("away"), "UNAVAILABLE"),
        (ConcurrentUpdate("it"), "CONCURRENT_UPDATE"),
        (ConnectionResetError(), "UNAVAILABLE"),
        (TimeoutError(), "UNAVAILABLE"),
        (KeyError("private"), "UNEXPECTED"),
    ],
)
def test_what_may_pass_is_tried_again(error, reason):
    after = LATEST.error(JOB, error, POLICY, NOW)
    assert (after.state, after.failures, after.failure_reason) == (JobState.QUEUED, 1, reason)
    assert after.due_at == NOW + timedelta(seconds=1)
    assert "private" not in after.error


def test_a_refusal_is_final():
    after = LATEST.error(JOB, InvalidRequest(()), POLICY, NOW)
    assert (after.state, after.failure_reason) == (JobState.FAILED, "INVALID_REQUEST")


@pytest.mark.parametrize(("error", "last"), [(Unavailable("away"), 4), (KeyError(), 2)])
def test_there_is_an_end_to_trying(error, last):
    assert LATEST.error(replace(JOB, failures=last - 1), error, POLICY, NOW).state is JobState.QUEUED
    assert LATEST.error(replace(JOB, failures=last), error, POLICY, NOW).state is JobState.FAILED


def test_taking_too_long_is_tried_again_as_often_as_an_error():
    assert LATEST.timed_out(JOB, POLICY, NOW).failure_reason == "TIMED_OUT"
    assert LATEST.timed_out(replace(JOB, failures=2), POLICY, NOW).state is JobState.FAILED


def test_waits_double_up_to_a_limit_and_any_shorter_one_is_as_likely():
    assert [LATEST.wait(failures, POLICY).total_seconds() for failures in (0, 1, 2, 3, 10_000)] == [1, 2, 4, 6, 6]
    assert Judge(draw=lambda: 0.25).wait(3, POLICY).total_seconds() == 1.5


def test_who_asks_for_a_longer_wait_gets_it():
    after = LATEST.error(JOB, Unavailable("away", retry_after=30), POLICY, NOW)
    assert after.due_at == NOW + timedelta(seconds=30)
