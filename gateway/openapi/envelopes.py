"""The schemas of what stands around answers, by version: the shapes that `gateway/envelope.py` writes."""

from collections.abc import Callable
from typing import Any

from gateway.deprecation import Deprecation
from gateway.openapi.components import Components, Schema
from gateway.versions import ENVELOPE_DATA_META, ENVELOPE_FLAT, Version

_TEXT: Schema = {"type": "string"}


def answer_schema(version: Version, data: Schema, components: Components) -> Schema:
    """Return the schema of a success whose content is `data`."""
    if version.envelope == ENVELOPE_DATA_META:
        return _object({"data": data, "meta": _meta(version, components)})
    if version.envelope == ENVELOPE_FLAT:
        return {"allOf": [data, _object({"_meta": _meta(version, components)})]}
    return data


def error_schema(version: Version, components: Components) -> Schema:
    """Return a reference to the schema of an error."""
    return _ERRORS.get(version.envelope, _bare_error)(version, components)


def stream_error_schema(version: Version, components: Components) -> Schema:
    """Return the schema of an error that ends a stream."""
    error = error_schema(version, components)
    return error if version.envelope in _ERRORS else _object({"error": error})


def problem_schema(components: Components) -> Schema:
    """Return a reference to the schema of problem details (RFC 9457)."""
    violation = _object({"field": _TEXT, "detail": _TEXT, "reason": _TEXT})
    properties: dict[str, Schema] = {
        "type": {"type": "string", "format": "uri-reference", "description": "Names the kind of problem."},
        "title": {**_TEXT, "description": "The kind of problem, for people."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {**_TEXT, "description": "What went wrong, for people."},
        "instance": {"type": "string", "format": "uri-reference", "description": "Names this one answer."},
        "reason": {**_TEXT, "description": "What went wrong, for machines."},
        "grpc_status": {**_TEXT, "description": "The name of the google.rpc.Code."},
        "errors": {"type": "array", "items": violation, "description": "The fields that are wrong."},
        "metadata": {"type": "object", "additionalProperties": _TEXT, "description": "Facts that go with the reason."},
        "retry_after": {"type": "integer", "description": "Seconds to wait before the next try."},
        "details": {"type": "array", "items": _any_detail(), "description": "What else is known."},
    }
    schema = _object(properties, optional=("errors", "metadata", "retry_after", "details"))
    schema["description"] = "An error as problem details (RFC 9457)."
    return components.add("Problem", schema)


def _meta(version: Version, components: Components) -> Schema:
    """Return a reference to the schema of the facts beside an answer."""
    properties: dict[str, Schema] = {
        "request_id": {**_TEXT, "description": "Also the header `x-request-id`. Name it when you ask for help."},
        "timestamp": {"type": "string", "format": "date-time", "description": "When the answer was written."},
        "version": {**_TEXT, "description": "The API's version."},
        "replayed": {
            "const": True,
            "type": "boolean",
            "description": "The first answer to this `Idempotency-Key`, given again.",
        },
    }
    if version.deprecation is not None:
        properties["deprecation"] = _deprecation(version.deprecation)
    return components.add("Meta", _object(properties, optional=("replayed",)))


def _deprecation(deprecation: Deprecation) -> Schema:
    described: dict[str, Schema] = {
        "version": {**_TEXT, "description": "The version that is deprecated."},
        "sunset_date": {"type": "string", "format": "date", "description": "The first day without answers, in UTC."},
        "migration_guide": {"type": "string", "format": "uri-reference", "description": "How to move."},
        "message": {**_TEXT, "description": "A sentence for people."},
    }
    schema = _object({name: described[name] for name in deprecation.meta})
    return {**schema, "description": "Until when this version answers, and what to use in its place."}


def _data_meta_error(version: Version, components: Components) -> Schema:
    violation = components.add("FieldViolation", _violation(with_reason=True))
    detail = components.add("ErrorDetail", _any_detail())
    error = _object(
        {
            "code": {**_TEXT, "description": "The reason, for machines. There may be more: go by `status` then."},
            "status": {**_TEXT, "description": "The name of the google.rpc.Code.", "examples": ["INVALID_ARGUMENT"]},
            "message": {**_TEXT, "description": "For people."},
            "details": {
                "type": "array",
                "items": {"anyOf": [violation, detail]},
                "description": "Every field that is wrong, then what else is known.",
            },
        }
    )
    meta = _meta(version, components)
    return components.add("Error", {**_object({"error": error, "meta": meta}), "description": "Every error."})


def _flat_error(version: Version, components: Components) -> Schema:
    violation = components.add("FieldViolation", _violation(with_reason=False))
    error = _object(
        {
            "code": {**_TEXT, "description": "The reason, for machines."},
            "message": {**_TEXT, "description": "For people."},
            "details": {"type": "array", "items": violation, "description": "Every field that is wrong."},
        }
    )
    meta = _meta(version, components)
    return components.add("Error", {**_object({"error": error, "_meta": meta}), "description": "Every error."})


def _bare_error(_version: Version, components: Components) -> Schema:
    detail = components.add("ErrorDetail", _any_detail())
    schema = _object(
        {
            "code": {"type": "integer", "format": "int32", "description": "The google.rpc.Code."},
            "message": {**_TEXT, "description": "For people."},
            "details": {"type": "array", "items": detail},
        },
        optional=("details",),
    )
    return components.add("Error", {**schema, "description": "A google.rpc.Status."})


_ERRORS: dict[str, Callable[[Version, Components], Schema]] = {
    ENVELOPE_DATA_META: _data_meta_error,
    ENVELOPE_FLAT: _flat_error,
}


def _violation(*, with_reason: bool) -> Schema:
    properties: dict[str, Any] = {
        "field": {**_TEXT, "description": "Its path in the JSON, such as `user.tags[2]`."},
        "message": {**_TEXT, "description": "What is wrong with it, for people."},
    }
    if with_reason:
        properties["reason"] = {**_TEXT, "description": "The same, for machines.", "examples": ["TOO_SHORT"]}
    return {**_object(properties), "description": "A field that is wrong."}


def _any_detail() -> Schema:
    """Return the schema of any detail; of google.rpc.ErrorInfo, which most are, with its members."""
    properties: dict[str, Schema] = {
        "@type": {**_TEXT, "examples": ["type.googleapis.com/google.rpc.ErrorInfo"]},
        "reason": {**_TEXT, "description": "Of google.rpc.ErrorInfo: the reason."},
        "domain": {**_TEXT, "description": "Of google.rpc.ErrorInfo: whose reason it is."},
        "metadata": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "Of google.rpc.ErrorInfo: facts that go with the reason.",
        },
    }
    schema = _object(properties, optional=("reason", "domain", "metadata"))
    schema["description"] = "A detail of a type of its own, with whatever members that has."
    return schema


def _object(properties: dict[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}
