"""The contract as HTTP clients rely on it, as one JSON document: what a comparison of images does not see.

`api_versions` by package, `routes` in the order of the image, `methods` by RPC (its `policy`), and `messages` by name:
each field with its `behaviour` (names of google.api.FieldBehavior), `redacted` and `cursor`, where they are set.
"""

from collections.abc import Iterator
from typing import Any

from google.api.field_behavior_pb2 import FieldBehavior
from google.protobuf.json_format import MessageToDict

from gateway.binding import Binding, compile_routes
from gateway.image import Image
from gateway.versions import API_VERSION, CURSOR, POLICY

_BEHAVIOUR = "google.api.field_behavior"


def document(image: Image) -> dict[str, Any]:
    """Return the document of an image. Raises BindingError, RouteError or ImageError when it cannot be served."""
    versions = _versions(image)
    return {
        "api_versions": dict(sorted(versions.items())),
        "routes": [_route(binding) for binding in declared_bindings(image)],
        "methods": {method.full_name: {"policy": _said(image, proto, POLICY)} for method, proto in image.methods()},
        "messages": dict(sorted(_messages(image, versions))),
    }


def declared_bindings(image: Image) -> list[Binding]:
    """Return the bindings that the contract names; each method has a default one besides."""
    return [binding for binding in compile_routes(image) if not binding.rule.is_default]


def _versions(image: Image) -> dict[str, dict[str, Any]]:
    found = {file.package: _said(image, file, API_VERSION) for file in image.files}
    return {package: version for package, version in found.items() if version is not None}


def _said(image: Image, proto: Any, option: str) -> dict[str, Any] | None:
    value = image.option(proto, option)
    return None if value is None else MessageToDict(value, preserving_proto_field_name=True)


def _route(binding: Binding) -> dict[str, str]:
    return {
        "method": binding.http_method,
        "path": binding.template.text,
        "rpc": binding.rpc,
        "body": binding.rule.body,
        "response_body": binding.rule.response_body,
    }


def _messages(image: Image, versions: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every message of the versioned packages; what is new is told from what was there before."""
    for file in image.files:
        pending = [(file.package, message) for message in file.message_type] if file.package in versions else []
        while pending:
            scope, message = pending.pop()
            name = f"{scope}.{message.name}"
            pending.extend((name, nested) for nested in message.nested_type)
            yield name, {field.name: _marks(image, field) for field in message.field}


def _marks(image: Image, field: Any) -> dict[str, Any]:
    marks = {
        "behaviour": [FieldBehavior.Name(number) for number in image.option(field, _BEHAVIOUR) or ()],
        "redacted": field.options.debug_redact,
        "cursor": image.option(field, CURSOR),
    }
    return {name: mark for name, mark in marks.items() if mark}
