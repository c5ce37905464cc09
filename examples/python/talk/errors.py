"""Why a call failed: the code, and the reason that stands in the error's details."""

from dataclasses import dataclass
from typing import Final, TypeVar

from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from grpc.aio import AioRpcError

_DETAILS: Final = "grpc-status-details-bin"
"""The trailing metadata in which gRPC carries a `google.rpc.Status`."""

_Detail = TypeVar("_Detail", bound=Message)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a failed call tells a program and its user."""

    code: StatusCode
    reason: str
    """An `ErrorReason` without its prefix, for example `EMAIL_TAKEN`. Empty: no server of FluentPro answered."""
    message: str
    """One sentence for people."""
    fields: dict[str, str]
    """The request's wrong fields, each with what is wrong."""
    retry_after: float
    """Seconds after which the same call may succeed. 0: not told."""

    def __str__(self) -> str:
        """Return one line for people, and one more for each wrong field."""
        head = f"{self.reason or self.code.name}: {self.message}"
        return "\n".join([head, *(f"  {field}: {complaint}" for field, complaint in self.fields.items())])


def refusal_of(error: AioRpcError) -> Refusal:
    """Read an error. One that came from no server, such as a lost connection, has a code and no reason."""
    sent = (error.trailing_metadata() or {}).get(_DETAILS, b"")
    status = Status.FromString(sent if isinstance(sent, bytes) else sent.encode())
    wrong = _find(status, BadRequest()).field_violations
    return Refusal(
        code=error.code(),
        reason=_find(status, ErrorInfo()).reason,
        message=error.details() or "",
        fields={violation.field: violation.description for violation in wrong},
        retry_after=_find(status, RetryInfo()).retry_delay.ToTimedelta().total_seconds(),
    )


def _find(status: Status, detail: _Detail) -> _Detail:
    """Fill `detail` from the one of its type among the status' details. There is none: it stays empty."""
    for candidate in status.details:
        if candidate.Unpack(detail):
            break
    return detail
