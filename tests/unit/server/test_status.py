import asyncio

import pytest
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, PreconditionFailure, RetryInfo

from domain.shared.errors import (
    DomainError,
    ErrorKind,
    EtagMismatch,
    InvalidRequest,
    Precondition,
    Unavailable,
    Violation,
)
from server.failed import Failed
from server.interruption import DeadlineExceeded
from server.status import failure_of, unimplemented


def detail(failed: Failed, kind):
    found = [each for each in failed.status.details if each.Is(kind.DESCRIPTOR)]
    message = kind()
    assert len(found) == 1
    found[0].Unpack(message)
    return message


@pytest.mark.parametrize("kind", ErrorKind)
def test_each_kind_of_refusal_has_the_code_of_its_name(kind: ErrorKind) -> None:
    error = type("Refusal", (DomainError,), {"kind": kind, "reason": "WHY"})("Because.", metadata={"a": "b"})
    failed = failure_of(error)
    assert code_pb2.Code.Name(failed.status.code) == kind.name
    assert failed.status.message == "Because."
    info = detail(failed, ErrorInfo)
    assert (info.reason, info.domain, dict(info.metadata)) == ("WHY", "fluentpro", {"a": "b"})


def test_every_violation_is_told_with_field_reason_and_description() -> None:
    failed = failure_of(InvalidRequest((Violation("items[2].title", "TOO_LONG", "At most 80 characters."),)))
    violation = detail(failed, BadRequest).field_violations[0]
    assert (violation.field, violation.reason) == ("items[2].title", "TOO_LONG")
    assert violation.description == "At most 80 characters."


def test_the_time_to_wait_is_told() -> None:
    delay = detail(failure_of(Unavailable("Away.", retry_after=2.25)), RetryInfo).retry_delay
    assert delay.ToMilliseconds() == 2250


def test_unmet_preconditions_are_told() -> None:
    error = EtagMismatch("7")
    error.preconditions = (Precondition("ETAG", "users/me", "It has changed."),)
    violation = detail(failure_of(error), PreconditionFailure).violations[0]
    assert (violation.type, violation.subject, violation.description) == ("ETAG", "users/me", "It has changed.")


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (DeadlineExceeded(), code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
        (asyncio.CancelledError(), code_pb2.CANCELLED, "CANCELLED"),
        (GeneratorExit(), code_pb2.CANCELLED, "CANCELLED"),
        (TimeoutError("of a driver"), code_pb2.INTERNAL, "INTERNAL"),
        (RuntimeError("SELECT secret"), code_pb2.INTERNAL, "INTERNAL"),
        (NotImplementedError("Method not implemented!"), code_pb2.INTERNAL, "INTERNAL"),
    ],
)
def test_other_errors_say_nothing_of_their_own(error: BaseException, code: int, reason: str) -> None:
    failed = failure_of(error)
    assert (failed.status.code, failed.reason, detail(failed, ErrorInfo).reason) == (code, reason, reason)
    assert str(error) not in failed.status.message or not str(error)


def test_an_unwritten_method_is_unimplemented() -> None:
    failed = failure_of(NotImplementedError("Method not implemented!"), is_unwritten=True)
    assert failed.status == unimplemented().status


def test_a_failure_passes_as_it_is() -> None:
    failed = unimplemented()
    assert failure_of(failed) is failed


def test_a_status_fits_into_the_trailers_that_clients_take() -> None:
    many = tuple(Violation("f" * 300 + str(i), "X", "No. " * 20) for i in range(200))
    assert failure_of(InvalidRequest(many)).status.ByteSize() < 4500
    assert len(failure_of(InvalidRequest(many)).status.message) <= 400
    one = (Violation("f", "X", "No. " * 5000),)
    assert len(detail(failure_of(InvalidRequest(one)), BadRequest).field_violations) == 1
