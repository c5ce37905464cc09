"""What a request's headers mean to the gateway, and which of them go upstream."""

from dataclasses import dataclass

from gateway.errors import Refusal
from gateway.etags import state_of_if_match
from gateway.request_ids import new_request_id

_ALWAYS = ("authorization", "accept-language", "user-agent", "x-request-id", "traceparent", "tracestate")
# RFC 9110 (7.6.1) and what frames a message: these belong to one connection and never travel on.
_HOP_BY_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade", "host", "content-length", "content-type"),
    )
)
_METADATA_PREFIX = "grpc-metadata-"
_REQUEST_ID = "x-request-id"
_REQUEST_ID_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_MAX_REQUEST_ID = 128
# Header names whose way is remembered, and bytes of one: clients choose names, so there is an end.
_MAX_KNOWN = 1024
_MAX_NAME = 64
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}  # of grpc-timeout
_MAX_KEY = 255  # bytes of an Idempotency-Key: what the APIs that made it known take
_MAX_TIMEOUT_DIGITS = 8  # of grpc-timeout, by the gRPC protocol

# Two of one of these are two answers to one question, and two readers of a request may each take another one.
_SINGLE = frozenset(
    (
        *(b"authorization", b"content-type", b"content-length", b"content-encoding", b"host", b"origin"),
        *(b"grpc-timeout", b"x-timeout", b"if-match", b"idempotency-key", b"last-event-id", b"x-request-id"),
    )
)
# What the gateway reads itself, and a page of another origin may therefore send.
_READ_HERE = frozenset(
    (
        *("accept", "content-type", "content-encoding", "grpc-timeout", "x-timeout", "if-match", "if-none-match"),
        *("idempotency-key", "last-event-id"),
    )
)

RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class RequestHeaders:
    """The headers of one request: all by lower-case name, and those that go upstream."""

    all: dict[bytes, bytes]
    upstream: dict[str, str]
    request_id: str
    size: int
    """Bytes of all names and values."""
    ambiguous: bytes = b""
    """A header that says two things; empty when all is well."""

    def text(self, name: bytes) -> str:
        """Return a header as text, empty when it is absent."""
        return self.all.get(name, b"").decode("latin-1")


class HeaderRules:
    """Which headers go upstream: a short list, the operator's, and nothing that gRPC or the connection owns."""

    def __init__(self, forward_headers: tuple[str, ...]) -> None:
        names = [name.lower() for name in forward_headers]
        self._exact = frozenset(name for name in names if not name.endswith("*"))
        self._prefixes = tuple(name[:-1] for name in names if name.endswith("*"))
        self._known: dict[bytes, str] = {}

    def read(self, headers: RawHeaders) -> RequestHeaders:
        """Sort a request's headers; a request without a valid x-request-id gets a new one."""
        upstream: dict[str, str] = {}
        size = 0
        for name, value in headers:
            size += len(name) + len(value)
            target = self._known.get(name)
            if target is None:
                target = self._learn(name)
            if target and (text := value.decode("latin-1")).isascii() and text.isprintable():
                upstream[target] = f"{upstream[target]},{text}" if target in upstream else text
        by_name, ambiguous = dict(headers), b""
        if len(by_name) < len(headers):
            by_name, ambiguous = _joined(headers)
        if b"transfer-encoding" in by_name and b"content-length" in by_name:  # RFC 9112, 6.1
            ambiguous = b"content-length"
        request_id = _valid_request_id(by_name.get(b"x-request-id", b"")) or new_request_id()
        upstream[_REQUEST_ID] = request_id
        return RequestHeaders(by_name, upstream, request_id, size, ambiguous)

    def takes(self, name: str) -> bool:
        """Tell whether a header, by its lower-case name, means anything here or upstream."""
        return name in _READ_HERE or bool(self._target(name))

    def _learn(self, raw_name: bytes) -> str:
        target = self._target(raw_name.decode("latin-1").lower())
        if len(raw_name) <= _MAX_NAME and len(self._known) < _MAX_KNOWN:
            self._known[raw_name] = target
        return target

    def _target(self, name: str) -> str:
        """Return the metadata key that a header becomes; empty when it stays here."""
        if name in _ALWAYS:
            return name
        if name.startswith(_METADATA_PREFIX):
            inner = name.removeprefix(_METADATA_PREFIX)
            reserved = inner in _ALWAYS or inner.startswith("x-forwarded-")
            return inner if self._is_configured(inner) and not reserved else ""
        return name if self._is_configured(name) else ""

    def _is_configured(self, name: str) -> bool:
        if name in _HOP_BY_HOP or name.startswith(("grpc-", ":")):
            return False
        return name in self._exact or name.startswith(self._prefixes)


def timeout_of(headers: RequestHeaders, longest: float) -> float | None:
    """Return the seconds that `grpc-timeout` (`200m`) or `x-timeout` (`0.2`) gives the call, at most `longest`."""
    if b"grpc-timeout" in headers.all:
        return min(_grpc_timeout(headers.text(b"grpc-timeout")), longest)
    if b"x-timeout" in headers.all:
        return min(_seconds(headers.text(b"x-timeout"), "x-timeout"), longest)
    return None


def field_value(headers: RequestHeaders, name: bytes) -> str:
    """Return the value that a header which is there gives to its field; Refusal when it is none."""
    if name == b"if-match":
        return state_of_if_match(headers.text(name))
    title = name.decode()
    value = headers.all[name].strip()
    if not value:
        raise Refusal(f"{title} is empty", "INVALID_HEADER", field_path=title)
    if name == b"idempotency-key" and len(value) > _MAX_KEY:
        raise Refusal(f"{title} is longer than {_MAX_KEY} bytes", "INVALID_HEADER", field_path=title)
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Refusal(f"{title} is not UTF-8", "INVALID_HEADER", field_path=title) from None


def _joined(headers: RawHeaders) -> tuple[dict[bytes, bytes], bytes]:
    """Return headers by name, lists joined as RFC 9110 (5.2) says, and one that must not be a list but is."""
    by_name: dict[bytes, bytes] = {}
    ambiguous = b""
    for name, value in headers:
        if name in by_name and name in _SINGLE:
            ambiguous = name
        by_name[name] = by_name[name] + b", " + value if name in by_name else value
    return by_name, ambiguous


def _grpc_timeout(text: str) -> float:
    digits, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not digits.isdigit() or len(digits) > _MAX_TIMEOUT_DIGITS:
        raise Refusal(
            "grpc-timeout is at most 8 digits and one of H M S m u n", "INVALID_HEADER", field_path="grpc-timeout"
        )
    return int(digits) * _UNITS[unit]


def _seconds(text: str, name: str) -> float:
    whole, _, fraction = text.partition(".")
    if whole.isdigit() and text.isascii() and (not fraction or fraction.isdigit()) and len(text) <= 16:
        return float(text)
    raise Refusal(f"{name} is a number of seconds", "INVALID_HEADER", field_path=name)


def _valid_request_id(value: bytes) -> str:
    is_valid = 0 < len(value) <= _MAX_REQUEST_ID and not value.translate(None, _REQUEST_ID_BYTES)
    return value.decode("ascii") if is_valid else ""
