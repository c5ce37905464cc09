"""What ended a call, as the problem that its client is told."""

from google.protobuf.message import DecodeError

from gateway.codec.fault import EncodeError, Fault
from gateway.errors import Problem, Refusal, internal_problem, problem_of_fault, problem_of_refusal, problem_of_status
from gateway.upstream import UpstreamError

FORESEEN = (UpstreamError, Fault, Refusal)
"""What is the client's or the service's to know, and no fault to log here."""


def problem_of(error: Exception, *, had_if_match: bool = False) -> Problem:
    """Return what its client is told; of a fault of ours that is no secret."""
    if isinstance(error, UpstreamError):
        return problem_of_status(error.status, had_if_match=had_if_match)
    if isinstance(error, Fault):
        return problem_of_fault(error)
    if isinstance(error, Refusal):
        return problem_of_refusal(error)
    has_no_form = isinstance(error, EncodeError | DecodeError)
    return internal_problem("the answer cannot be written as JSON" if has_no_form else "internal error")
