"""How the parts of an HTTP request become one request message."""

from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass

from gateway.codec.decode import Readers, Setter
from gateway.codec.fault import INVALID_VALUE, Fault
from gateway.codec.json_text import parse
from gateway.codec.wire import nests, serialize
from gateway.field_path import TextField, resolve, text_field
from gateway.image import Image
from gateway.mask import UpdateMask, has_mask
from gateway.percent import decode_segment, decode_segments
from gateway.query import Query
from gateway.request_headers import RequestHeaders, field_value
from gateway.template import Template, Variable
from gateway.versions import CURSOR

HTTP_BODY = "google.api.HttpBody"


class RuleError(ValueError):
    """An HTTP rule that cannot be served; the message says why."""


class RequestBinding:
    """One rule's way from path, query, body and headers to a serialized request."""

    def __init__(  # noqa: PLR0913  # the parts of one rule
        self,
        message: Descriptor,
        template: Template,
        body: str,
        readers: Readers,
        image: Image,
        *,
        ignore_unknown_query: bool = False,
    ) -> None:
        self._new = GetMessageClass(message)
        self._may_nest = nests(message)
        self._variables = [(variable, _variable_field(message, variable, readers)) for variable in template.variables]
        path_fields = frozenset(field.name for _, field in self._variables)
        self._query = Query(message, readers, body, path_fields, ignore_unknown=ignore_unknown_query)
        self._body = None if not body else _Body(message, body, readers, path_fields)
        self._mask: UpdateMask | None = None
        if body not in ("", "*") and has_mask(message) and message.fields_by_name[body].message_type is not None:
            self._mask = UpdateMask(message.fields_by_name[body], image, readers.style, path_fields)
        cursors = image.field_options(message, CURSOR)
        self._cursor = next(iter(cursors), None)
        self._headers = {name: field for name, field in _HEADER_FIELDS.items() if _is_string(message, field)}

    @property
    def takes_body(self) -> bool:
        """Whether the rule reads the request's body."""
        return self._body is not None

    @property
    def takes_json(self) -> bool:
        """Whether the body has to be JSON rather than raw bytes."""
        return self._body is not None and not self._body.is_raw

    @property
    def takes_if_match(self) -> bool:
        """Whether the request has an etag that `If-Match` fills."""
        return b"if-match" in self._headers

    @property
    def header_fields(self) -> list[str]:
        """The headers, in lower case, that fill a field of the request."""
        return [*(["last-event-id"] if self._cursor is not None else []), *(name.decode() for name in self._headers)]

    @property
    def derives_mask(self) -> bool:
        """Whether a PATCH that brings no mask updates what its body names."""
        return self._mask is not None

    def bind(
        self,
        segments: list[str],
        query: bytes,
        headers: RequestHeaders,
        is_patch: bool,
        body: bytes,
    ) -> bytes:
        """Return the serialized request; Fault or Refusal when a part does not fit.

        A client's stream binds each of its messages like this; only `body` differs.
        """
        message = self._new()
        value = self._body.fill(message, body, headers) if self._body is not None else None
        for variable, field in self._variables:
            _bind_variable(message, variable, field, segments, has_body=self._body is not None)
        if query:
            self._query.apply(message, query)
        self._apply_headers(message, headers)
        if is_patch and self._mask is not None:
            self._mask.apply(message, value)
        return serialize(message, may_nest=self._may_nest)

    def _apply_headers(self, message: Any, headers: RequestHeaders) -> None:
        if self._cursor is not None and b"last-event-id" in headers.all:
            # A browser reconnects to its first URL, so the header is newer than the query.
            setattr(message, self._cursor, field_value(headers, b"last-event-id"))
        for name, field in self._headers.items():
            if name not in headers.all:
                continue
            value = field_value(headers, name)
            if getattr(message, field) not in ("", value):
                raise Fault(f"differs from the header {name.decode()}", "CONFLICTING_VALUES").under(field)
            setattr(message, field, value)


class _Body:
    """The part of a request message that the body fills: all of it (`*`) or one field."""

    def __init__(self, message: Descriptor, body: str, readers: Readers, path_fields: frozenset[str]) -> None:
        self._field = "" if body == "*" else _body_field(message, body, path_fields)
        kind = message if body == "*" else message.fields_by_name[body].message_type
        repeated = bool(self._field) and message.fields_by_name[self._field].is_repeated
        self.is_raw = kind is not None and kind.full_name == HTTP_BODY and not repeated
        self._fill = readers.message(message) if body == "*" else None
        self._set: Setter | None = readers.field(message.fields_by_name[self._field]) if self._field else None

    def fill(self, message: Any, body: bytes, headers: RequestHeaders) -> Any:
        """Fill `message` from the body and return its JSON value; None for raw or absent bodies."""
        if self.is_raw:
            raw = getattr(message, self._field) if self._field else message
            raw.content_type = _content_type(headers)
            raw.data = body
            return None
        if not body:
            return None
        value = parse(body)
        if self._fill is not None:
            self._fill(value, message)
        elif self._set is not None:
            self._set(message, value)
        return value


# Headers that stand for a field of the request, where it has one (a string at its top level).
_HEADER_FIELDS = {b"if-match": "etag", b"idempotency-key": "idempotency_key"}


def _is_string(message: Descriptor, name: str) -> bool:
    field = message.fields_by_name.get(name)
    return field is not None and field.type == field.TYPE_STRING and not field.is_repeated


def _variable_field(message: Descriptor, variable: Variable, readers: Readers) -> TextField:
    try:
        field = text_field(resolve(message, variable.field_path, readers.style), readers)
    except Fault as fault:
        raise RuleError(f"the variable {variable.field_path}: {fault.message}") from None
    if field.is_repeated:
        raise RuleError(f"the variable {variable.field_path} is a repeated field")
    return field


def _body_field(message: Descriptor, body: str, path_fields: frozenset[str]) -> str:
    if "." in body or body not in message.fields_by_name:
        raise RuleError(f"the body {body!r} is no field of {message.full_name}")
    if body in path_fields:
        raise RuleError(f"the body {body!r} is bound by the path")
    return body


def _bind_variable(message: Any, variable: Variable, field: TextField, segments: list[str], *, has_body: bool) -> None:
    try:
        raw = "/".join(segments[variable.start : variable.end])
        text = decode_segments(raw) if variable.is_multi else decode_segment(raw)
        if has_body:
            field.set_as(message, text, "the body")
        else:
            field.set(message, text)
    except Fault as fault:
        fault.under(variable.field_path)
        raise


def _content_type(headers: RequestHeaders) -> str:
    try:
        return headers.all.get(b"content-type", b"").decode()
    except UnicodeDecodeError:
        raise Fault("the header is not UTF-8", INVALID_VALUE).under("content-type") from None
