"""The error answers of an operation: what its policy names, what any method gives, and what the gateway refuses."""

from collections.abc import Mapping
from itertools import count
from math import inf
from typing import Any

from google.rpc import error_details_pb2, status_pb2
from google.rpc.code_pb2 import Code

from gateway.accept import JSON, PROBLEM
from gateway.binding import Binding
from gateway.deprecation import API_VERSION_SUNSET
from gateway.envelope import Envelope, Facts
from gateway.errors import HTTP_STATUS, Problem
from gateway.openapi.components import Components
from gateway.openapi.declarations import Declaration
from gateway.openapi.envelopes import error_schema, problem_schema
from gateway.openapi.headers import of_error
from gateway.openapi.reasons import Reason, Reasons

Response = dict[str, Any]

_REQUEST_ID = "6f1e2b0a-6b0c-4e0e-9d0b-5d2f1f4a7c33"  # in examples
# Names of shared responses. (HTTPStatus has other phrases in other versions of Python.)
_NAMES = {
    400: "BadRequest",
    401: "Unauthenticated",
    403: "PermissionDenied",
    404: "NotFound",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Gone",
    412: "PreconditionFailed",
    413: "BodyTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "Internal",
    503: "Unavailable",
    504: "DeadlineExceeded",
}
_PATH, _BODY, _JSON_BODY, _JSON_ANSWER, _ENDS = "path", "body", "json body", "json answer", "ends"
_PLACE = "`details` names the place."
# What the gateway refuses by itself: the status, what an operation has that it is refused for, and what it means.
_REFUSALS = (
    (
        400,
        "",
        f"`INVALID_VALUE`, `UNKNOWN_PARAMETER`, `INVALID_HEADER`, …: not the parameters described here. {_PLACE}",
    ),
    (400, _JSON_BODY, f"`MALFORMED_JSON`, `UNKNOWN_FIELD`, `INVALID_VALUE`, …: not the body described here. {_PLACE}"),
    (404, _PATH, "`ROUTE_NOT_FOUND`: with such a value the path leads nowhere."),
    (410, _ENDS, f"`{API_VERSION_SUNSET}`: from the day that the header `sunset` names, whatever the request."),
    (406, _JSON_ANSWER, "`NOT_ACCEPTABLE`: `Accept` takes none of the media types that there are."),
    (413, _BODY, "`BODY_TOO_LARGE`: the body has more bytes than are taken."),
    (415, _BODY, "`UNSUPPORTED_MEDIA_TYPE`, `UNSUPPORTED_ENCODING`: not the media type described here, or not gzip."),
)


class Failures:
    """Makes the error answers of one document's operations; those that many may share become components."""

    def __init__(self, components: Components, reasons: Reasons, envelopes: Mapping[str, Envelope]) -> None:
        self._components = components
        self._reasons = reasons
        self._envelopes = envelopes
        self.responses: dict[str, Response] = {}
        """`components/responses`."""
        self.examples: dict[str, Any] = {}
        """`components/examples`."""

    def of(self, binding: Binding, declared: Declaration) -> dict[str, Response]:
        """Return the error answers of an operation, by status."""
        reasons: dict[int, list[Reason]] = {}
        for reason in self._reasons.of(binding, declared):
            for status in _statuses(reason, binding):
                reasons.setdefault(status, []).append(reason)
        refusals: dict[int, list[str]] = {}
        for status, text in _refusals(binding):
            refusals.setdefault(status, []).append(text)
        statuses = sorted({*reasons, *refusals})
        found = {
            str(status): self._response(binding, status, reasons.get(status, []), refusals.get(status, []))
            for status in statuses
        }
        return {**found, "default": self._shared("AnyError", self._body(binding, 0, "Any other error.", {}))}

    def _response(self, binding: Binding, status: int, reasons: list[Reason], refusals: list[str]) -> Response:
        lines = [*(f"`{reason.name}`: {reason.text}" for reason in reasons), *refusals]
        description = "\n".join(f"- {line}" for line in lines)
        examples = {reason.name: self._example(binding, reason) for reason in reasons}
        response = self._body(binding, status, description, examples)
        is_own = any(not reason.is_common for reason in reasons)
        return response if is_own else self._shared(_NAMES.get(status, f"Status{status}"), response)

    def _shared(self, name: str, response: Response) -> Response:
        """Return a reference to a response that other operations may have too."""
        names = (name if number == 1 else f"{name}{number}" for number in count(1))
        free = next(each for each in names if self.responses.setdefault(each, response) == response)
        return {"$ref": f"#/components/responses/{free}"}

    def _body(self, binding: Binding, status: int, description: str, examples: dict[str, Any]) -> Response:
        error: dict[str, Any] = {"schema": error_schema(binding.version, self._components)}
        if examples:
            error["examples"] = examples
        problem = {"schema": problem_schema(self._components)}
        headers = of_error(binding, status)
        return {"description": description, "headers": headers, "content": {JSON: error, PROBLEM: problem}}

    def _example(self, binding: Binding, reason: Reason) -> dict[str, str]:
        """Return a reference to the example of a reason, as the version's own envelope writes it."""
        package = binding.version.package
        domain = package.partition(".")[0]
        info = error_details_pb2.ErrorInfo(reason=reason.name, domain=domain, metadata=reason.metadata)
        status = status_pb2.Status(code=reason.code, message=_sentence(reason.text))
        status.details.add().Pack(info)
        problem = Problem(status, HTTP_STATUS[reason.code])
        value = self._envelopes[package].failure(problem, Facts(_REQUEST_ID))
        self.examples.setdefault(reason.name, {"summary": _sentence(reason.text), "value": value})
        return {"$ref": f"#/components/examples/{reason.name}"}


def _statuses(reason: Reason, binding: Binding) -> list[int]:
    """Return the statuses that a reason comes with: for a wrong etag it depends on how the etag was sent."""
    status = HTTP_STATUS[reason.code]
    return [status, 412] if reason.code == Code.ABORTED and binding.request.takes_if_match else [status]


def _refusals(binding: Binding) -> list[tuple[int, str]]:
    traits = {
        "": True,
        _PATH: not binding.template.is_literal,
        _BODY: binding.request.takes_body,
        _JSON_BODY: binding.request.takes_json,
        _JSON_ANSWER: not binding.answer.is_raw,
        _ENDS: binding.version.deprecation is not None and binding.version.deprecation.ends_at < inf,
    }
    return [(status, text) for status, trait, text in _REFUSALS if traits[trait]]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
