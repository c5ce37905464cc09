"""The parameters of an operation: what path, query and headers say of the request message."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.binding import Binding
from gateway.codec.fields import is_map, message_of
from gateway.codec.names import JsonStyle
from gateway.codec.well_known import SPECIAL, TEXT_FORMS, WRAPPERS
from gateway.openapi.components import Form, View
from gateway.openapi.declarations import Declaration, Declarations
from gateway.openapi.headers import has_etag
from gateway.openapi.messages import Messages
from gateway.openapi.paths import ExpandedPath, PathParameter

Parameter = dict[str, Any]
Fields = tuple[FieldDescriptor, ...]

# Messages within messages that a query's parameters are listed for; deeper ones work and would fill pages.
_MAX_LEVELS = 4

COMPONENTS: dict[str, Parameter] = {
    "Fields": {
        "name": "$fields",
        "in": "query",
        "description": (
            "The fields to show, parted by commas, with dots for what is within. The answer then has these alone, "
            "whatever its schema requires."
        ),
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the answer that is here already: while it holds, the answer is 304.",
        "schema": {"type": "string"},
    },
}
"""`components/parameters`: what many operations have."""

_HEADERS = {
    "if-match": (
        "If-Match",
        "The `etag` the call is based on, in quotes. When the resource has another one by now, the answer is 412.",
    ),
    "idempotency-key": (
        "Idempotency-Key",
        "A key of the client's own, such as a UUID. The same key gets the first answer again: nothing happens twice.",
    ),
    "last-event-id": (
        "Last-Event-ID",
        "The `id` of the last event seen: the stream goes on after it. It wins over the query. Browsers send it.",
    ),
}


class Parameters:
    """Makes the parameters of operations."""

    def __init__(self, messages: Messages, declarations: Declarations) -> None:
        self._messages = messages
        self._declarations = declarations

    def of(self, binding: Binding, request: Descriptor, path: ExpandedPath) -> list[Parameter]:
        """Return all parameters: path, then query, then headers."""
        style = binding.version.style
        return [
            *(self._path_parameter(request, parameter, style) for parameter in path.parameters),
            *self._query_parameters(binding, request),
            *(_header(name) for name in binding.request.header_fields),
            *([_reference("Fields")] if not (binding.answer.is_raw or binding.is_websocket) else []),
            *([_reference("IfNoneMatch")] if has_etag(binding) else []),
        ]

    def _path_parameter(self, request: Descriptor, parameter: PathParameter, style: JsonStyle) -> Parameter:
        schema: dict[str, Any] = {"type": "string"}
        notes: list[str] = []
        if parameter.field_path and not parameter.pattern:
            schema = self._messages.field(_field_at(request, parameter.field_path), View(Form.INPUT, style))
            notes.append(schema.pop("description", ""))
        elif parameter.pattern:
            notes.append(f"A part of `{parameter.field_path}`, which is `{parameter.pattern}`.")
        if parameter.is_multi:
            notes.append("It may hold several segments, parted by slashes.")
        found: Parameter = {"name": parameter.name, "in": "path", "required": True}
        return _described(found, " ".join(filter(None, notes)), schema)

    def _query_parameters(self, binding: Binding, request: Descriptor) -> Iterator[Parameter]:
        body = binding.rule.body
        if body == "*":
            return
        bound = {variable.field_path for variable in binding.template.variables} | {body}
        for fields in self._query_fields(request, bound):
            yield self._query_parameter(fields, binding.version.style)

    def _query_fields(self, message: Descriptor, bound: set[str], parents: Fields = ()) -> Iterator[Fields]:
        """Yield the way to each field that a query may set: it, after the messages that it is in."""
        for field in message.fields:
            fields = (*parents, field)
            if ".".join(each.name for each in fields) in bound or self._declared(field).is_output_only:
                continue
            if _is_text(field):
                yield fields
            elif _may_open(fields):
                yield from self._query_fields(message_of(field), bound, fields)

    def _query_parameter(self, fields: Fields, style: JsonStyle) -> Parameter:
        field = fields[-1]
        schema = self._messages.field(field, View(Form.INPUT, style))
        found: Parameter = {"name": ".".join(map(style.name, fields)), "in": "query"}
        if len(fields) == 1 and self._declared(field).is_required:
            found["required"] = True
        if is_map(field):
            found |= {"style": "deepObject", "explode": True}
        if schema.pop("deprecated", False):
            found["deprecated"] = True
        return _described(found, schema.pop("description", ""), schema)

    def _declared(self, field: FieldDescriptor) -> Declaration:
        return self._declarations.of(field.containing_type, field.name)


def _is_text(field: FieldDescriptor) -> bool:
    """Tell whether text can stand for a field, for its elements or for the values of its entries."""
    if is_map(field):
        return _is_text_kind(message_of(field).fields_by_name["value"].message_type)
    return _is_text_kind(field.message_type)


def _is_text_kind(message: Descriptor | None) -> bool:
    return message is None or message.full_name in TEXT_FORMS or message.full_name in WRAPPERS


def _may_open(fields: Fields) -> bool:
    """Tell whether a query goes into the message at the end of a way; into one that holds itself it would never end."""
    field = fields[-1]
    parents = {each.containing_type.full_name for each in fields if each.containing_type is not None}
    inner = message_of(field).full_name
    return not field.is_repeated and inner not in SPECIAL and inner not in parents and len(fields) < _MAX_LEVELS


def _field_at(message: Descriptor, path: str) -> FieldDescriptor:
    *parents, last = path.split(".")
    for name in parents:
        message = message_of(message.fields_by_name[name])
    return message.fields_by_name[last]


def _reference(name: str) -> Parameter:
    return {"$ref": f"#/components/parameters/{name}"}


def _header(name: str) -> Parameter:
    shown, description = _HEADERS[name]
    return {"name": shown, "in": "header", "description": description, "schema": {"type": "string"}}


def _described(parameter: Parameter, description: str, schema: dict[str, Any]) -> Parameter:
    if description:
        parameter["description"] = description
    return {**parameter, "schema": schema}
