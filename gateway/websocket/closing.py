"""How a WebSocket ends: a code and a reason for programs, after a last frame that tells the rest.

RFC 6455 leaves 4000 to 4999 to applications. 4000 and a google.rpc.Code is how the call ended; what this gateway
refuses by itself has a code of its own, from 4100 on, or the one that RFC 6455 (7.4.1) has for it.
"""

from dataclasses import dataclass

from google.rpc.code_pb2 import Code

from gateway.codec.fault import MALFORMED_JSON, Fault
from gateway.errors import HTTP_STATUS, Problem, Refusal
from gateway.failures import problem_of

NORMAL = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002

OF_CALLS = 4000
"""Added to the google.rpc.Code of a call that failed."""

OWN = {
    "UNSUPPORTED_FRAME": 1003,
    MALFORMED_JSON: 1007,
    "BODY_TOO_LARGE": 1009,
    "AUTHORIZATION_TIMEOUT": 4100,
    "AUTHORIZATION_EXPECTED": 4101,
    "FOREIGN_ORIGIN": 4102,
    "CONFLICTING_VALUES": 4103,
    "TOO_MANY_MESSAGES": 4104,
}
"""The codes of what the gateway refuses by itself, by reason; all other reasons have that of INVALID_ARGUMENT."""

_MAX_REASON = 123  # bytes: RFC 6455, 5.5 gives a close frame 125, two of them for the code


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a WebSocket that failed; `problem` goes before it in a last frame."""

    code: int
    reason: str
    problem: Problem


def closing_of(error: Exception) -> Closing:
    """Return the end that an error makes of a call; for one that nobody foresaw it tells no secret."""
    problem = problem_of(error)
    code = _code_of_call(problem)
    is_own = isinstance(error, Fault | Refusal)
    return _closing(OWN.get(problem.reason, code) if is_own else code, problem)


def _closing(code: int, problem: Problem) -> Closing:
    return Closing(code, problem.reason.encode()[:_MAX_REASON].decode(errors="ignore"), problem)


def _code_of_call(problem: Problem) -> int:
    code: int = problem.status.code
    return OF_CALLS + (code if code in HTTP_STATUS else Code.UNKNOWN)
