"""Why a call failed, and whether and when to try it again."""

from dataclasses import dataclass, field
from typing import Final, TypeVar

from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from grpc.aio import AioRpcError

_DETAILS: Final = "grpc-status-details-bin"
_PUSHBACK: Final = "grpc-retry-pushback-ms"

_PASSING: Final = {
    StatusCode.UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.RESOURCE_EXHAUSTED,
    StatusCode.ABORTED,
}
"""What may succeed later, unchanged."""

_FROM_THE_NETWORK: Final = {StatusCode.CANCELLED, StatusCode.INTERNAL, StatusCode.UNKNOWN}
"""What proxies and broken connections end as. With a reason it came from the server, and waiting does not help."""

_Detail = TypeVar("_Detail", bound=Message)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a failed call tells."""

    code: StatusCode
    reason: str = ""
    """An `ErrorReason` without its prefix. Empty: no server of FluentPro answered."""
    message: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    """What belongs to the reason, such as the `generation_id` of GENERATION_IN_PROGRESS."""
    retry_after: float = 0.0
    """Seconds to wait at least. 0: not told."""
    is_final: bool = False
    """The server asked not to try again."""

    @property
    def passes(self) -> bool:
        """Whether the same call may succeed later."""
        from_the_network = not self.reason and self.code in _FROM_THE_NETWORK
        return not self.is_final and (self.code in _PASSING or from_the_network)

    def __str__(self) -> str:
        return f"{self.reason or self.code.name}: {self.message}"


def refusal_of(error: AioRpcError) -> Refusal:
    """Read an error's code and details."""
    trailers = dict(error.trailing_metadata() or ())
    sent = trailers.get(_DETAILS, b"")
    status = Status.FromString(sent if isinstance(sent, bytes) else sent.encode())
    info = _find(status, ErrorInfo())
    asked = _find(status, RetryInfo()).retry_delay.ToTimedelta().total_seconds()
    pushback = _pushback(trailers.get(_PUSHBACK))
    return Refusal(
        code=error.code(),
        reason=info.reason,
        message=error.details() or "",
        metadata=dict(info.metadata),
        retry_after=max(asked, pushback),
        is_final=pushback < 0,
    )


def _pushback(value: str | bytes | None) -> float:
    """Return the seconds that the server asks for; negative: not again. Nonsense means not again, as gRPC has it."""
    if value is None:
        return 0.0
    try:
        return int(value) / 1000
    except ValueError:
        return -1.0


def _find(status: Status, detail: _Detail) -> _Detail:
    """Fill `detail` from the one of its type among the status' details. There is none: it stays empty."""
    for candidate in status.details:
        if candidate.Unpack(detail):
            break
    return detail
