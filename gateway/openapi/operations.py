"""One binding as an operation of OpenAPI."""

import re
from dataclasses import replace
from typing import Any

from google.protobuf.descriptor import Descriptor, MethodDescriptor

from gateway.binding import Binding
from gateway.codec.fields import message_of
from gateway.openapi.answers import Answers
from gateway.openapi.components import Form, Schema, View
from gateway.openapi.declarations import Declaration, Declarations
from gateway.openapi.failures import Failures
from gateway.openapi.messages import Messages
from gateway.openapi.parameters import Parameters
from gateway.openapi.paths import ExpandedPath
from gateway.openapi.reasons import access_of

Operation = dict[str, Any]

BEARER = "bearer"
_PUBLIC = "ACCESS_PUBLIC"
_JSON = "application/json"
_LINES = "application/x-ndjson"
_ANY_TYPE = "*/*"
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s+(?=[A-Z`\"(\d])|\s*\n\n|\s*$)", re.DOTALL)


class Operations:
    """Makes the operations of one document."""

    def __init__(
        self,
        messages: Messages,
        declarations: Declarations,
        parameters: Parameters,
        answers: Answers,
        failures: Failures,
    ) -> None:
        self._messages = messages
        self._declarations = declarations
        self._parameters = parameters
        self._answers = answers
        self._failures = failures

    def of(self, binding: Binding, method: MethodDescriptor, path: ExpandedPath, *, is_deprecated: bool) -> Operation:
        """Return the operation of a rule, without its id and tags."""
        declared = self._declared(method)
        operation: Operation = {
            **self._head(binding, declared, is_deprecated=is_deprecated),
            "parameters": self._parameters.of(binding, method.input_type, path),
            "requestBody": self._body(binding, method.input_type),
            "responses": {**self._answers.of(binding, method), **self._failures.of(binding, declared)},
            **_extensions(binding, path),
        }
        return _filled(operation)

    def websocket(
        self, binding: Binding, method: MethodDescriptor, path: ExpandedPath, *, is_deprecated: bool
    ) -> Operation:
        """Return what `x-websocket` says of a rule: the handshake's parameters, and the messages either way."""
        found: Operation = {
            **self._head(binding, self._declared(method), is_deprecated=is_deprecated),
            "parameters": self._parameters.of(binding, method.input_type, path),
            "x-send": self._messages.message(method.input_type, _request_view(binding)),
            "x-receive": self._answers.message(binding, method.output_type),
            **_extensions(binding, path),
        }
        return _filled(found)

    def _declared(self, method: MethodDescriptor) -> Declaration:
        return self._declarations.of(method.containing_service, method.name)

    def _head(self, binding: Binding, declared: Declaration, *, is_deprecated: bool) -> Operation:
        summary, description = parted(declared.comment)
        head: Operation = {"summary": summary, "description": description}
        if is_deprecated or declared.is_deprecated:
            head["deprecated"] = True
        access = access_of(binding.policy)
        if not access:  # the contract does not say; a token that comes is passed on
            head["security"] = [{}, {BEARER: []}]
        else:
            head["security"] = [] if _PUBLIC in access else [{BEARER: []}]
        return head

    def _body(self, binding: Binding, request: Descriptor) -> Operation:
        body = binding.rule.body
        if not binding.request.takes_body:
            return {}
        if not binding.request.takes_json:
            return {"content": {_ANY_TYPE: {}}, "required": True}
        schema, is_required = self._body_schema(binding, request)
        content: dict[str, Any] = {_JSON: {"schema": schema}}
        if binding.client_streaming:
            content = {
                _JSON: {"schema": {"type": "array", "items": schema}},
                _LINES: {"schema": {"type": "string"}, "x-itemSchema": schema},
            }
            is_required = True
        comment = self._declarations.of(request, body).comment if body != "*" else ""
        found: Operation = {"description": comment} if comment else {}
        return {**found, "content": content, "required": is_required}

    def _body_schema(self, binding: Binding, request: Descriptor) -> tuple[Schema, bool]:
        """Return the schema of the body, and whether there has to be one."""
        view = _request_view(binding)
        if binding.rule.body == "*":
            fields = [field for field in request.fields if field.name not in view.omitted]
            is_required = any(self._declarations.of(request, field.name).is_required for field in fields)
            return self._messages.message(request, view), is_required
        field = request.fields_by_name[binding.rule.body]
        is_required = self._declarations.of(request, field.name).is_required
        if binding.http_method == "PATCH" and binding.request.derives_mask:
            partial = replace(view.within(field), form=Form.PATCH)
            return self._messages.message(message_of(field), partial), is_required
        schema = self._messages.field(field, view)
        schema.pop("description", None)
        return schema, is_required


def _request_view(binding: Binding) -> View:
    """Return how a client sees the request message: without what it says by the path."""
    omitted = frozenset(variable.field_path for variable in binding.template.variables)
    return View(Form.INPUT, binding.version.style, omitted)


def parted(comment: str) -> tuple[str, str]:
    """Return a comment's first sentence without its full stop, and the rest."""
    match = _SENTENCE.match(comment)
    if match is None:
        return comment.strip(), ""
    return match[1].removesuffix("."), comment[match.end() :].strip()


def _filled(operation: Operation) -> Operation:
    """Leave out what is empty; an empty `security` says that nobody need sign in."""
    return {name: value for name, value in operation.items() if value or name == "security"}


def _extensions(binding: Binding, path: ExpandedPath) -> Operation:
    access = access_of(binding.policy)
    found: Operation = {
        "x-rpc": binding.rpc,
        "x-access": [name.removeprefix("ACCESS_") for name in access],
        "x-client-streaming": binding.client_streaming,
        "x-server-streaming": binding.server_streaming,
    }
    if binding.template.text != path.text:
        found["x-path-template"] = binding.template.text
    return {name: value for name, value in found.items() if value}
