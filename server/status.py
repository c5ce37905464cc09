"""The one place where exceptions become a `google.rpc.Status`.

Every status has an ErrorInfo. Nothing that Python says about a fault of ours goes to a caller.
"""

import asyncio
from collections.abc import Iterable

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.code_pb2 import CANCELLED, DEADLINE_EXCEEDED, INTERNAL, UNIMPLEMENTED, Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, PreconditionFailure, RetryInfo
from google.rpc.status_pb2 import Status

from domain.shared.errors import DomainError, InvalidRequest, Precondition, Violation
from server.failed import Failed
from server.interruption import DeadlineExceeded

ERROR_DOMAIN = "fluentpro"

# gRPC clients take 8 KiB of trailers by default. The status travels as base64 (a third more), beside its message, the
# ids and the transport's own keys; so it gets half of that, and a caller's own long values are cut.
_MAX_STATUS_BYTES = 4096
_MAX_MESSAGE_CHARS = 400
_MAX_METADATA_CHARS = 200


def failure_of(error: BaseException, *, is_unwritten: bool = False) -> Failed:
    """Return what the caller is told about `error`.

    `is_unwritten` says that the servicer has no such method, which Python tells by NotImplementedError.
    """
    if isinstance(error, Failed):
        return error
    if isinstance(error, DomainError):
        return _refusal(error)
    if isinstance(error, DeadlineExceeded):
        return _plain(DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "The deadline has passed.")
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return _plain(CANCELLED, "CANCELLED", "The call was cancelled.")
    if is_unwritten and isinstance(error, NotImplementedError):
        return unimplemented()
    return _plain(INTERNAL, "INTERNAL", "internal error")


def told_metadata(error: DomainError) -> dict[str, str]:
    """Return an error's metadata as callers get it: their own long values are cut."""
    return {key: _cut(value, _MAX_METADATA_CHARS) for key, value in error.metadata.items()}


def unimplemented() -> Failed:
    """Return what the caller of a method is told that this server does not have."""
    return _plain(UNIMPLEMENTED, "UNIMPLEMENTED", "This server does not have the method.")


def _plain(code: int, reason: str, message: str) -> Failed:
    return Failed(_status(code, message, ErrorInfo(reason=reason, domain=ERROR_DOMAIN)), reason)


def _refusal(error: DomainError) -> Failed:
    status = _status(
        Code.Value(error.kind.value),
        _cut(error.message, _MAX_MESSAGE_CHARS),
        ErrorInfo(reason=error.reason, domain=ERROR_DOMAIN, metadata=told_metadata(error)),
    )
    if error.retry_after is not None:
        _attach(status, RetryInfo(retry_delay=_duration(error.retry_after)))
    if error.preconditions:
        _attach(status, _precondition_failure(error.preconditions))
    if isinstance(error, InvalidRequest):
        _attach(status, _bad_request(error.violations, _MAX_STATUS_BYTES - status.ByteSize()))
    return Failed(status, error.reason)


def _status(code: int, message: str, info: ErrorInfo) -> Status:
    status = Status(code=code, message=message)
    _attach(status, info)
    return status


def _attach(status: Status, detail: Message) -> None:
    status.details.add().Pack(detail)


def _bad_request(violations: Iterable[Violation], room: int) -> BadRequest:
    """Return the violations, as many as fit into `room` bytes; the first always."""
    bad = BadRequest()
    for violation in violations:
        bad.field_violations.add(
            field=_cut(violation.field, _MAX_METADATA_CHARS), description=violation.message, reason=violation.reason
        )
        if bad.ByteSize() > room and len(bad.field_violations) > 1:
            del bad.field_violations[-1]
            break
    return bad


def _precondition_failure(preconditions: Iterable[Precondition]) -> PreconditionFailure:
    failure = PreconditionFailure()
    for each in preconditions:
        failure.violations.add(type=each.type, subject=each.subject, description=each.description)
    return failure


def _duration(seconds: float) -> Duration:
    delay = Duration()
    delay.FromNanoseconds(round(seconds * 1e9))
    return delay


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
