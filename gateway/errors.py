"""Errors as HTTP knows them: from a google.rpc.Status of the upstream, or from a refusal of the gateway's own."""

from dataclasses import dataclass, field
from math import ceil
from typing import Any

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from google.rpc.code_pb2 import Code

from gateway.codec.fault import Fault

# google/rpc/code.proto names an HTTP status beside each code.
HTTP_STATUS = {
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.UNAUTHENTICATED: 401,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
}
_ERROR_DOMAIN = "gateway"  # ErrorInfo.domain of what the gateway refuses by itself

Headers = list[tuple[bytes, bytes]]


class Refusal(Exception):  # the field's word
    """A request that the gateway refuses by itself, before or instead of a call."""

    def __init__(  # noqa: PLR0913  # each is one fact of the answer, most of them by name
        self,
        message: str,
        reason: str,
        *,
        code: int = Code.INVALID_ARGUMENT,
        http_status: int = 0,
        field_path: str = "",
        description: str = "",
        headers: Headers | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status_pb2.Status(code=code, message=message)
        _pack(self.status, error_details_pb2.ErrorInfo(reason=reason, domain=_ERROR_DOMAIN, metadata=metadata))
        if field_path:
            bad = error_details_pb2.BadRequest()
            bad.field_violations.add(field=field_path, description=description or message, reason=reason)
            _pack(self.status, bad)
        self.http_status = http_status or HTTP_STATUS[code]
        self.headers = headers or []


def refuse_fault(fault: Fault) -> Refusal:
    """Return the refusal of a value that does not fit its field."""
    path = fault.path
    message = f"{path}: {fault.message}" if path else fault.message
    return Refusal(message, fault.reason, field_path=path, description=fault.message)


@dataclass(frozen=True, slots=True)
class Problem:
    """One error, ready to be written in a version's shape."""

    status: Any
    """The google.rpc.Status."""
    http_status: int
    headers: Headers = field(default_factory=list)

    @property
    def status_name(self) -> str:
        """The code's name, such as NOT_FOUND."""
        return code_name(self.status.code)

    @property
    def info(self) -> Any:
        """The first google.rpc.ErrorInfo that gives a reason; None when there is none."""
        for detail in self.status.details:
            info = error_details_pb2.ErrorInfo()
            if unpack(detail, info) and info.reason:
                return info
        return None

    @property
    def reason(self) -> str:
        """ErrorInfo's reason, or the code's name when the error gives none."""
        info = self.info
        return str(info.reason) if info is not None else self.status_name

    def violations(self) -> list[Any]:
        """Return the field violations of all BadRequest details."""
        bad = error_details_pb2.BadRequest()
        for detail in self.status.details:
            one = error_details_pb2.BadRequest()
            if unpack(detail, one):
                bad.MergeFrom(one)
        return list(bad.field_violations)


def code_name(code: int) -> str:
    """Return the name of an error's google.rpc.Code; UNKNOWN for a number that is none."""
    return str(Code.Name(code)) if code in HTTP_STATUS else "UNKNOWN"


def problem_of_fault(fault: Fault) -> Problem:
    """Return the problem that answers a value that does not fit its field."""
    return problem_of_refusal(refuse_fault(fault))


def problem_of_refusal(refusal: Refusal) -> Problem:
    """Return the problem that answers a refusal."""
    return Problem(refusal.status, refusal.http_status, refusal.headers)


def problem_of_status(data: bytes, *, had_if_match: bool = False) -> Problem:
    """Return the problem that a serialized google.rpc.Status of the upstream says.

    ABORTED is how gRPC says that an etag is not the current one (AIP-154); when the etag came by `If-Match`, HTTP says
    412.
    """
    try:
        status = status_pb2.Status.FromString(data)
    except DecodeError:
        status = status_pb2.Status(code=Code.INTERNAL, message="the upstream's error cannot be read")
    http_status = HTTP_STATUS.get(status.code, 500)
    if had_if_match and status.code == Code.ABORTED:
        http_status = 412
    return Problem(status, http_status, _headers(status))


def internal_problem(message: str) -> Problem:
    """Return the problem for a fault on our side; `message` tells a client no secret."""
    return Problem(status_pb2.Status(code=Code.INTERNAL, message=message), 500)


def unpack(detail: Any, message: Any) -> bool:
    """Fill `message` from an Any that holds its type; False when it holds another one, or bytes that are not one."""
    try:
        return bool(detail.Unpack(message))
    except DecodeError:
        return False


def _headers(status: Any) -> Headers:
    headers: Headers = []
    if status.code == Code.UNAUTHENTICATED:
        headers.append((b"www-authenticate", b"Bearer"))
    for detail in status.details:
        retry = error_details_pb2.RetryInfo()
        if unpack(detail, retry):
            delay = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
            headers.append((b"retry-after", str(max(ceil(delay), 0)).encode()))
    return headers


def _pack(status: Any, message: Any) -> None:
    status.details.add().Pack(message)
