"""Errors as problem details (RFC 9457), for clients that ask for `application/problem+json`: the same facts."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from google.rpc import error_details_pb2

from gateway.envelope import Details, Facts
from gateway.errors import Problem

_NO_TYPE = "about:blank"  # the status says it all
_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {499: "Client Closed Request"}  # nginx's
# Details whose content stands in members of its own.
_TOLD = frozenset(
    kind.DESCRIPTOR.full_name
    for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo)
)


def problem_details(problem: Problem, facts: Facts, details: Details) -> dict[str, Any]:
    """Return the JSON of an error: RFC 9457's members, then what else is known, each only when there is some."""
    info = problem.info
    body: dict[str, Any] = {
        "type": f"urn:problem-type:{_quoted(info.domain)}:{_quoted(info.reason)}" if info else _NO_TYPE,
        "title": info.reason.replace("_", " ").capitalize() if info else _phrase(problem),
        "status": problem.http_status,
        "detail": problem.status.message,
        "instance": f"urn:request:{_quoted(facts.request_id)}",
        "reason": problem.reason,
        "grpc_status": problem.status_name,
    }
    others = [detail for detail in problem.status.details if detail.TypeName() not in _TOLD]
    extensions: dict[str, Any] = {
        "errors": [_violation(violation) for violation in problem.violations()],
        "metadata": dict(info.metadata) if info else {},
        "retry_after": _retry_after(problem),
        "details": [details.json(detail) for detail in others],
    }
    return body | {name: value for name, value in extensions.items() if value not in ([], {}, None)}


def _violation(violation: Any) -> dict[str, str]:
    return {"field": violation.field, "detail": violation.description, "reason": violation.reason}


def _retry_after(problem: Problem) -> int | None:
    """Return the seconds that the header says."""
    return next((int(value) for name, value in problem.headers if name == b"retry-after"), None)


def _phrase(problem: Problem) -> str:
    return _PHRASES.get(problem.http_status, problem.status_name)


def _quoted(text: str) -> str:
    return quote(text, safe="")
