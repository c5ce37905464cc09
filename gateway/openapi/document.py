"""One OpenAPI document: all rules of some packages, from the bindings that serve them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from gateway.binding import Binding
from gateway.envelope import Envelope, envelope_of
from gateway.image import Image
from gateway.lifecycle import Lifecycle
from gateway.openapi import headers, parameters
from gateway.openapi.answers import Answers
from gateway.openapi.components import Components
from gateway.openapi.declarations import Declarations
from gateway.openapi.failures import Failures
from gateway.openapi.messages import Messages
from gateway.openapi.operations import BEARER, Operation, Operations, parted
from gateway.openapi.parameters import Parameters
from gateway.openapi.paths import ExpandedPath, expand
from gateway.openapi.reasons import Reasons
from gateway.openapi.samples import Samples
from gateway.openapi.websockets import about_websockets
from gateway.routes import ANY_METHOD

OPENAPI = "3.1.1"

# The HTTP methods that a path item has a place for.
_METHODS = frozenset(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"])
_OTHERS = "x-additionalOperations"  # OpenAPI 3.2 has it without the `x-`
_EXAMPLE_TIME = 1_767_348_000.0  # 2026-01-02T10:00:00Z, in the examples of errors
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "The access token, in the header `Authorization: Bearer <token>`.",
}


@dataclass(frozen=True, slots=True)
class About:
    """What a document says of itself."""

    title: str
    version: str
    description: str = ""
    lifecycle: Lifecycle = field(default_factory=Lifecycle)


def build_document(image: Image, bindings: Iterable[Binding], about: About) -> dict[str, Any]:
    """Return the document of these bindings; default rules are left out."""
    return _Document(image, [binding for binding in bindings if not binding.rule.is_default], about).build()


class _Document:
    """The making of one document."""

    def __init__(self, image: Image, bindings: list[Binding], about: About) -> None:
        self._image = image
        declarations = self._declarations = Declarations(image)
        self._bindings = bindings
        self._about = about
        self._components = Components()
        self._failures = Failures(self._components, Reasons(declarations), _envelopes(image, bindings))
        self._operations = _operations(self._components, declarations, self._failures)
        self._paths = _Paths()
        self._services = self._service_names()

    def build(self) -> dict[str, Any]:
        """Return the document."""
        ids: Counter[str] = Counter()
        for binding in self._bindings:
            method = self._image.pool.FindMethodByName(binding.rpc)
            name = f"{self._services[method.containing_service.full_name]}_{method.name}"
            ids[name] += 1
            operation_id = name if ids[name] == 1 else f"{name}_{ids[name]}"
            self._put(binding, method, operation_id)
        document: dict[str, Any] = {
            "openapi": OPENAPI,
            "info": self._info(),
            "servers": [{"url": "/"}],
            "tags": self._tags(),
            "paths": self._paths.items,
            "components": self._all_components(),
        }
        if any(binding.is_websocket for binding in self._bindings):
            document["x-websocket"] = about_websockets()
        return document

    def _put(self, binding: Binding, method: MethodDescriptor, operation_id: str) -> None:
        key = "x-websocket" if binding.is_websocket else _key(binding.http_method)
        path = self._paths.place(expand(binding.template), key)
        make = self._operations.websocket if binding.is_websocket else self._operations.of
        operation = make(binding, method, path, is_deprecated=self._about.lifecycle.is_deprecated)
        head = {"operationId": operation_id, "tags": [self._services[method.containing_service.full_name]]}
        self._paths.put(path, key, {**head, **operation}, binding.http_method)

    def _info(self) -> dict[str, Any]:
        about = self._about
        info: dict[str, Any] = {"title": about.title, "version": about.version}
        if description := "\n\n".join(filter(None, [about.lifecycle.notice, about.description])):
            info["description"] = description
        if about.lifecycle.stage:
            info["x-lifecycle"] = about.lifecycle.stage
        return info

    def _tags(self) -> list[dict[str, str]]:
        tags = []
        for service in self._used_services():
            tag = {"name": self._services[service.full_name]}
            if description := "\n\n".join(
                filter(None, [self._declarations.of(service).comment, *self._sockets(service)])
            ):
                tag["description"] = description
            tags.append(tag)
        return tags

    def _sockets(self, service: ServiceDescriptor) -> list[str]:
        """Return a line for each WebSocket of a service: viewers show the tag, and pass `x-websocket` over."""
        lines = []
        for binding in self._bindings:
            method = self._image.pool.FindMethodByName(binding.rpc)
            if binding.is_websocket and method.containing_service.full_name == service.full_name:
                summary, _ = parted(self._declarations.of(service, method.name).comment)
                lines.append(f"WebSocket `{expand(binding.template).text}` ({method.name}): {summary}.")
        return lines

    def _all_components(self) -> dict[str, Any]:
        components: dict[str, Any] = {
            "schemas": self._components.named(),
            "responses": dict(sorted(self._failures.responses.items())),
            "examples": dict(sorted(self._failures.examples.items())),
            "headers": headers.components(self._bindings),
            "parameters": parameters.COMPONENTS,
            "securitySchemes": {BEARER: _BEARER},
        }
        return {name: value for name, value in components.items() if value}

    def _used_services(self) -> list[ServiceDescriptor]:
        methods = (self._image.pool.FindMethodByName(binding.rpc) for binding in self._bindings)
        return list({method.containing_service.full_name: method.containing_service for method in methods}.values())

    def _service_names(self) -> dict[str, str]:
        """Return each service's name for clients, by full name: the bare one where only one has it."""
        services = self._used_services()
        owners = Counter(service.name for service in services)
        return {
            service.full_name: service.name if owners[service.name] == 1 else service.full_name.replace(".", "_")
            for service in services
        }


class _Paths:
    """The path items of a document. No two have the same shape while one could hold both."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self._by_shape: dict[str, list[ExpandedPath]] = {}

    def place(self, path: ExpandedPath, key: str) -> ExpandedPath:
        """Return the path under which an operation goes, with the parameters' names that it has there."""
        same = self._by_shape.setdefault(path.shape, [])
        for known in same:
            if key not in self.items[known.text]:
                return path.renamed([parameter.name for parameter in known.parameters])
        placed, number = path, 1
        while placed.text in self.items and path.parameters:  # the same but for `**`
            number += 1
            placed = path.renamed([f"{parameter.name}_{number}" for parameter in path.parameters])
        same.append(placed)
        self.items.setdefault(placed.text, {})
        return placed

    def put(self, path: ExpandedPath, key: str, operation: Operation, http_method: str) -> None:
        """Put an operation into its path item; one whose HTTP method OpenAPI has no place for beside the others."""
        item = self.items[path.text]
        if key in item or key == _OTHERS:
            item.setdefault(_OTHERS, {})[http_method] = operation
        else:
            item[key] = operation


def _key(http_method: str) -> str:
    """Return the key of an HTTP method in a path item; a rule for any method stands as POST."""
    if http_method == ANY_METHOD:
        return "post"
    return http_method.lower() if http_method in _METHODS else _OTHERS


def _operations(components: Components, declarations: Declarations, failures: Failures) -> Operations:
    messages = Messages(components, declarations)
    answers = Answers(components, messages, declarations, Samples(declarations))
    return Operations(messages, declarations, Parameters(messages, declarations), answers, failures)


def _envelopes(image: Image, bindings: Iterable[Binding]) -> Mapping[str, Envelope]:
    versions = {binding.version.package: binding.version for binding in bindings}
    return {name: envelope_of(version, image, lambda: _EXAMPLE_TIME) for name, version in versions.items()}
