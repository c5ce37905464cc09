"""What becomes of a job after an attempt that did not end well."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.shared import job_ends
from domain.shared.errors import DomainError, ErrorKind
from domain.shared.jobs import Job
from workers.tasks.task import Policy

UNKNOWN_TASK = "UNKNOWN_TASK"
BAD_ARGUMENTS = "BAD_ARGUMENTS"
TIMED_OUT = "TIMED_OUT"
UNEXPECTED = "UNEXPECTED"
UNAVAILABLE = "UNAVAILABLE"

_TRANSIENT = {ErrorKind.UNAVAILABLE, ErrorKind.RESOURCE_EXHAUSTED, ErrorKind.ABORTED}
"""Refusals that say that the same may work later: something is away, asks for patience, or was quicker."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides whether an attempt is tried again, by its task's policy. `draw` gives a number of [0, 1)."""

    # Not for secrets.
    draw: Callable[[], float] = random.random

    def error(self, job: Job, error: BaseException, policy: Policy, now: datetime) -> Job:
        """Return the job after an attempt that raised `error`."""
        if isinstance(error, DomainError) and error.kind not in _TRANSIENT:
            return job_ends.failed(job, error.reason, error.message, now)
        return self._again(job, _failure(error, policy), policy, now)

    def timed_out(self, job: Job, policy: Policy, now: datetime) -> Job:
        """Return the job after an attempt that took too long."""
        failure = _Failure(TIMED_OUT, f"It took longer than {policy.seconds:g} s.", policy.tries)
        return self._again(job, failure, policy, now)

    def _again(self, job: Job, failure: "_Failure", policy: Policy, now: datetime) -> Job:
        if job.failures + 1 >= failure.tries:
            return job_ends.failed(job, failure.reason, failure.error, now)
        wait = max(timedelta(seconds=failure.least), self.wait(job.failures, policy))
        return job_ends.tried_again(job, failure.reason, failure.error, wait, now)

    def wait(self, failures: int, policy: Policy) -> timedelta:
        """Return how long to wait after so many failures before this one: full jitter under a doubling limit."""
        limit = min(policy.longest_wait, policy.first_wait * 2 ** min(failures, 30))
        return timedelta(seconds=limit.total_seconds() * self.draw())


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: str
    error: str
    tries: int
    least: float = 0.0
    """Seconds that it asks to wait."""


def _failure(error: BaseException, policy: Policy) -> _Failure:
    if isinstance(error, DomainError):
        return _Failure(error.reason, error.message, policy.transient_tries, error.retry_after or 0.0)
    # These two are what sockets raise; an adapter that knows more says Unavailable.
    if isinstance(error, ConnectionError | TimeoutError):
        sentence = f"Something does not answer: {type(error).__name__}."
        return _Failure(UNAVAILABLE, sentence, policy.transient_tries)
    # The error's own words may be somebody's.
    return _Failure(UNEXPECTED, f"It failed with {type(error).__name__}.", policy.tries)
