"""The successful answers of an operation: one message, a stream in its forms, or raw bytes."""

import re
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from gateway.binding import Binding
from gateway.openapi.components import Components, Form, Schema, View
from gateway.openapi.declarations import Declarations
from gateway.openapi.envelopes import answer_schema, stream_error_schema
from gateway.openapi.headers import has_etag, of_answer
from gateway.openapi.messages import Messages
from gateway.openapi.samples import Samples
from gateway.renderers import ARRAY, EVENT_STREAM, NDJSON, form_of
from gateway.versions import ENVELOPE_FLAT

Response = dict[str, Any]

_MEDIA_TYPE = re.compile(r"`([a-z]+/[a-z0-9.+-]+)`")
_ANY_TYPE = "*/*"
_PHRASES = {200: "The answer.", 201: "Made.", 202: "Accepted: it will be done."}
_STREAM = (
    "A stream, in the form that `Accept` asks for, without an envelope. When it fails midway its last entry is an "
    "error: the array is then not closed, the lines end with one that has the key `error`, the events with "
    "`event: error`."
)


class Answers:
    """Makes the successful answers of one document's operations."""

    def __init__(
        self, components: Components, messages: Messages, declarations: Declarations, samples: Samples
    ) -> None:
        self._components = components
        self._messages = messages
        self._declarations = declarations
        self._samples = samples

    def of(self, binding: Binding, method: MethodDescriptor) -> dict[str, Response]:
        """Return the answers of an operation that goes well, by status."""
        headers = of_answer(binding)
        description, content = self._content(binding, method)
        status = 200 if binding.server_streaming else binding.http_status
        found: dict[str, Response] = {
            str(status): {"description": description, "headers": headers, "content": content},
        }
        if has_etag(binding):
            found["304"] = {"description": "The answer is still as `If-None-Match` says.", "headers": headers}
        if binding.server_streaming and "last-event-id" in binding.request.header_fields:
            text = "Nothing came after `Last-Event-ID`: a browser need not connect again."
            found["204"] = {"description": text, "headers": headers}
        return found

    def message(self, binding: Binding, response: Descriptor) -> Schema:
        """Return the schema of what clients see of a message: all of it, or the field `response_body`."""
        view = View(Form.ANSWER, binding.version.style)
        field = _shown_field(binding, response)
        if field is None:
            return self._messages.message(response, view)
        schema = self._messages.field(field, view)
        schema.pop("description", None)
        is_flat = binding.version.envelope == ENVELOPE_FLAT  # where nothing stands for an absent message
        if field.has_presence and not is_flat and not self._messages.is_always_there(field, view.style):
            return {"anyOf": [schema, {"type": "null"}]}
        return schema

    def _content(self, binding: Binding, method: MethodDescriptor) -> tuple[str, dict[str, Any]]:
        """Return what an answer is, and how it looks in each of its media types."""
        if binding.answer.is_raw:
            comment, media_type = self._raw(binding, method)
            return comment or "The bytes.", {media_type: {}}
        if binding.server_streaming:
            return _STREAM, self._stream(binding, method.output_type)
        message = self.message(binding, method.output_type)
        schema = answer_schema(binding.version, message, self._components)
        return _PHRASES.get(binding.http_status, "Done."), {ARRAY: {"schema": schema}}

    def _raw(self, binding: Binding, method: MethodDescriptor) -> tuple[str, str]:
        """Return the comment of what holds the bytes, and the media type that it or the method's names."""
        field = _shown_field(binding, method.output_type)
        comment = self._declarations.of(method.output_type, field.name).comment if field is not None else ""
        of_method = self._declarations.of(method.containing_service, method.name).comment
        found = _MEDIA_TYPE.search(comment) or _MEDIA_TYPE.search(of_method)
        return comment, found[1] if found is not None else _ANY_TYPE

    def _stream(self, binding: Binding, response: Descriptor) -> dict[str, Any]:
        schema = self.message(binding, response)
        entry = {"anyOf": [schema, stream_error_schema(binding.version, self._components)]}
        samples = [*self._samples.stream(response, binding.rule.response_body)]
        texts = {
            media_type: {
                "schema": {"type": "string"},
                "x-itemSchema": entry,  # OpenAPI 3.2 has it without the `x-`
                "example": _rendered(binding, media_type, samples),
            }
            for media_type in (NDJSON, EVENT_STREAM)
        }
        return {ARRAY: {"schema": {"type": "array", "items": schema}}, **texts}


def _shown_field(binding: Binding, response: Descriptor) -> FieldDescriptor | None:
    return response.fields_by_name[binding.rule.response_body] if binding.rule.response_body else None


def _rendered(binding: Binding, media_type: str, samples: list[Any]) -> str:
    form = form_of(media_type, binding.answer)
    return (b"".join(map(form.message, samples)) + form.closing()).decode()
