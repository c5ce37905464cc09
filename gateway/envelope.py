"""What stands around an answer: the shapes of success and error, by API version."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from google.protobuf import descriptor_pool
from google.rpc import error_details_pb2

from gateway.codec.any_type import TYPE, any_writer
from gateway.codec.encode import Writers
from gateway.codec.fault import EncodeError
from gateway.codec.json_text import dump
from gateway.codec.names import JsonStyle
from gateway.codec.scalars import base64_json
from gateway.deprecation import Deprecation
from gateway.errors import Problem, unpack
from gateway.image import Image
from gateway.versions import ENVELOPE_DATA_META, ENVELOPE_FLAT, Version

_BAD_REQUEST = error_details_pb2.BadRequest.DESCRIPTOR.full_name
_NO_FIELDS = (b"{}", b"null")
_ERROR_INFO = error_details_pb2.ErrorInfo.DESCRIPTOR.full_name


@dataclass(frozen=True, slots=True)
class Facts:
    """What the gateway knows about one answer besides its content."""

    request_id: str
    replayed: bool = False
    """Whether this is the first answer to a repeated idempotency key, given again."""


class Envelope(Protocol):
    """The JSON around a version's answers."""

    @property
    def details(self) -> "Details":
        """Writes the details of errors."""
        ...

    def success(self, content: bytes, facts: Facts) -> bytes:
        """Return the JSON text of an answer whose content is the JSON text `content`."""
        ...

    def failure(self, problem: Problem, facts: Facts) -> dict[str, Any]:
        """Return the JSON of an error answer."""
        ...

    def stream_failure(self, problem: Problem, facts: Facts) -> dict[str, Any]:
        """Return the JSON of an error that ends a stream; it has the key `error` in every version."""
        ...


class Bare:
    """Nothing around: the message itself, or the google.rpc.Status itself."""

    def __init__(self, details: "Details") -> None:
        self.details = details

    def success(self, content: bytes, facts: Facts) -> bytes:
        """Return the message."""
        return content

    def failure(self, problem: Problem, facts: Facts) -> dict[str, Any]:
        """Return the Status as ProtoJSON; a detail of an unknown type keeps its bytes."""
        status = problem.status
        body: dict[str, Any] = {"code": status.code, "message": status.message}
        if status.details:
            body["details"] = [self.details.json(detail) for detail in status.details]
        return body

    def stream_failure(self, problem: Problem, facts: Facts) -> dict[str, Any]:
        """Return the Status under `error`, as a stream's last entry."""
        return {"error": self.failure(problem, facts)}


class DataMeta:
    """`{"data": …, "meta": …}` and `{"error": …, "meta": …}`."""

    def __init__(self, meta: "Meta", details: "Details") -> None:
        self._meta = meta
        self.details = details

    def success(self, content: bytes, facts: Facts) -> bytes:
        """Put the content under `data`."""
        return b'{"data":%s,"meta":%s}' % (content, dump(self._meta.json(facts)))

    def failure(self, problem: Problem, facts: Facts) -> dict[str, Any]:
        """Put the error under `error`: code (the reason), status, message and details."""
        error = {
            "code": problem.reason,
            "status": problem.status_name,
            "message": problem.status.message,
            "details": self._error_details(problem),
        }
        return {"error": error, "meta": self._meta.json(facts)}

    def stream_failure(self, problem: Problem, facts: Facts) -> dict[str, Any]:
        """Return the error as an answer of its own has it."""
        return self.failure(problem, facts)

    def _error_details(self, problem: Problem) -> list[Any]:
        violations = [
            {"field": violation.field, "message": violation.description, "reason": violation.reason}
            for violation in problem.violations()
        ]
        return violations + [self.details.json(detail) for detail in problem.status.details if _is_news(detail)]


class Flat:
    """The content's fields at the top and `_meta` beside them."""

    def __init__(self, meta: "Meta", details: "Details") -> None:
        self._meta = meta
        self.details = details

    def success(self, content: bytes, facts: Facts) -> bytes:
        """Put `_meta` beside the content's fields, of which an absent message has none."""
        meta = dump(self._meta.json(facts))
        return b'%s,"_meta":%s}' % (content[:-1], meta) if content not in _NO_FIELDS else b'{"_meta":%s}' % meta

    def failure(self, problem: Problem, facts: Facts) -> dict[str, Any]:
        """Put code, message and the violated fields under `error`."""
        details = [{"field": violation.field, "message": violation.description} for violation in problem.violations()]
        error = {"code": problem.reason, "message": problem.status.message, "details": details}
        return {"error": error, "_meta": self._meta.json(facts)}

    def stream_failure(self, problem: Problem, facts: Facts) -> dict[str, Any]:
        """Return the error as an answer of its own has it."""
        return self.failure(problem, facts)


class Meta:
    """The facts beside an answer: request id, time, version."""

    def __init__(self, version: str, clock: Callable[[], float]) -> None:
        self._version = version
        self._clock = clock
        self._second = -1
        self._instant = ""  # its text, up to the point

    def json(self, facts: Facts) -> dict[str, Any]:
        """Return the facts as JSON; `replayed` only when true."""
        meta: dict[str, Any] = {
            "request_id": facts.request_id,
            "timestamp": self._timestamp(),
            "version": self._version,
        }
        if facts.replayed:
            meta["replayed"] = True
        return meta

    def _timestamp(self) -> str:
        """Return the time as RFC 3339 has it, in UTC with milliseconds; the calendar is asked once a second."""
        second, milliseconds = divmod(int(self._clock() * 1000), 1000)
        if second != self._second:
            self._second = second
            self._instant = datetime.fromtimestamp(second, UTC).isoformat()[:19]
        return f"{self._instant}.{milliseconds:03d}Z"


class EndingMeta(Meta):
    """The same of a deprecated version, which says until when it answers."""

    def __init__(self, version: str, clock: Callable[[], float], deprecation: Deprecation) -> None:
        super().__init__(version, clock)
        self._deprecation = deprecation.meta

    def json(self, facts: Facts) -> dict[str, Any]:
        """Return the facts as JSON, with `deprecation`."""
        return {**super().json(facts), "deprecation": self._deprecation}


class Details:
    """Error details as JSON: google.rpc types come from the installed packages, all others from the image."""

    def __init__(self, image: Image, style: JsonStyle) -> None:
        names = JsonStyle(proto_names=style.proto_names)
        installed = descriptor_pool.Default()  # type: ignore[no-untyped-call, unused-ignore]
        self._installed = any_writer(installed, Writers(installed, names).message)
        self._of_image = any_writer(image.pool, Writers(image.pool, names).message)

    def json(self, detail: Any) -> dict[str, Any]:
        """Return a detail with its `@type`; one of an unknown type as base64."""
        is_google = detail.TypeName().startswith("google.rpc.")
        write = self._installed if is_google else self._of_image
        try:
            written: dict[str, Any] = write(detail)
        except EncodeError:  # an error must come through, whatever its details hold
            return {TYPE: detail.type_url, "value": base64_json(detail.value)}
        return written


def envelope_of(version: Version, image: Image, clock: Callable[[], float]) -> Envelope:
    """Return the envelope that a version asks for."""
    details = Details(image, version.style)
    ending = version.deprecation
    meta = Meta(version.name, clock) if ending is None else EndingMeta(version.name, clock, ending)
    if version.envelope == ENVELOPE_DATA_META:
        return DataMeta(meta, details)
    return Flat(meta, details) if version.envelope == ENVELOPE_FLAT else Bare(details)


def _is_news(detail: Any) -> bool:
    """Tell whether a detail says more than the error's code and violations do."""
    name = detail.TypeName()
    if name == _BAD_REQUEST:
        return False
    if name != _ERROR_INFO:
        return True
    info = error_details_pb2.ErrorInfo()
    return not unpack(detail, info) or bool(info.metadata)
