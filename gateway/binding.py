"""The HTTP rules of an image, compiled: each binding knows its route, its request and its answer.

A rule that cannot be served is refused here, at start-up, with its method and template.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, MethodDescriptor

from gateway.answer import Answer
from gateway.caching import cache_headers
from gateway.codec.decode import Readers
from gateway.codec.encode import Writers
from gateway.codec.names import JsonStyle
from gateway.errors import Headers
from gateway.image import Image
from gateway.request_binding import RequestBinding, RuleError
from gateway.routes import Routes
from gateway.template import Template, parse
from gateway.versions import ENVELOPE_FLAT, POLICY, Version, read_versions
from gateway.websocket.frames import FrameReader

_HTTP = "google.api.http"


class BindingError(ValueError):
    """A method's HTTP rule cannot be served; the message names method, rule and reason."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One HTTP rule as the image says it; `is_default` for the rule every method has without saying."""

    http_method: str
    path: str
    body: str
    response_body: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Binding:
    """One way over HTTP to one RPC, compiled."""

    rpc: str
    """The method's full name, such as `library.v1.Books.GetBook`."""
    method: str
    """The method as gRPC calls it, such as `/library.v1.Books/GetBook`."""
    rule: Rule
    template: Template
    version: Version
    policy: Any
    """The method's option `policy`; None when it has none."""
    client_streaming: bool
    server_streaming: bool
    http_status: int
    """Of a unary success."""
    request: RequestBinding
    answer: Answer
    frames: FrameReader | None
    """Reads the client's messages where a WebSocket carries them; else None."""
    cache_headers: Headers
    """What a success says to caches."""

    @property
    def http_method(self) -> str:
        """The HTTP method; `*` for any."""
        return self.rule.http_method

    @property
    def is_websocket(self) -> bool:
        """Whether a WebSocket carries the call, so that a plain request is told to upgrade."""
        return self.frames is not None

    def __str__(self) -> str:
        return self.rpc


def compile_routes(
    image: Image,
    style: JsonStyle = JsonStyle(),  # noqa: B008  # frozen
    *,
    ignore_unknown_query: bool = False,
) -> Routes[Binding]:
    """Compile every rule of the image; BindingError, RouteError or ImageError when one cannot be served.

    `style` is the JSON of packages without an `api_version`.
    """
    compiler = _Compiler(image, read_versions(image, style), ignore_unknown_query=ignore_unknown_query)
    routes: Routes[Binding] = Routes()
    for method, proto in image.methods():
        for binding in compiler.bindings(method, proto):
            slash = binding.version.trailing_slash and not binding.rule.is_default
            routes.add(binding.http_method, binding.template, binding, trailing_slash=slash)
    return routes


class _Compiler:
    """Compiles methods, with one reader and one writer for each style of JSON."""

    def __init__(self, image: Image, versions: dict[str, Version], *, ignore_unknown_query: bool) -> None:
        self._image = image
        self._ignore_unknown_query = ignore_unknown_query
        self._versions = versions
        self._codecs: dict[JsonStyle, tuple[Readers, Writers]] = {}

    def bindings(self, method: MethodDescriptor, proto: Any) -> Iterator[Binding]:
        """Yield a binding for each rule of a method, the default one last."""
        for rule in _rules(method, self._image.option(proto, _HTTP)):
            if method.client_streaming and not rule.body and rule.http_method != "GET":
                continue  # neither a body nor a WebSocket could carry its messages
            try:
                yield self._binding(method, proto, rule)
            except ValueError as error:
                raise BindingError(f"{method.full_name}, {rule.http_method} {rule.path}: {error}") from error

    def _binding(self, method: MethodDescriptor, proto: Any, rule: Rule) -> Binding:
        version = self._versions[method.containing_service.file.package]
        readers, writers = self._codec(version.style)
        template = parse(rule.path)
        if rule.body and rule.http_method in ("GET", "HEAD"):
            raise RuleError("a GET has no body")
        policy = self._image.option(proto, POLICY)
        answer = Answer(method.output_type, rule.response_body, writers, self._image)
        if version.envelope == ENVELOPE_FLAT and rule.response_body and (answer.is_raw or not answer.is_object):
            raise RuleError(f"a flat answer is an object, and {rule.response_body} is none")
        return Binding(
            rpc=method.full_name,
            method=f"/{method.containing_service.full_name}/{method.name}",
            rule=rule,
            template=template,
            version=version,
            policy=policy,
            client_streaming=method.client_streaming,
            server_streaming=method.server_streaming,
            http_status=(policy.http_status if policy is not None else 0) or 200,
            request=self._request(method.input_type, template, rule.body, readers),
            answer=answer,
            frames=FrameReader(method.input_type, readers) if method.client_streaming and not rule.body else None,
            cache_headers=cache_headers(rule.http_method, proto, policy),
        )

    def _request(self, message: Descriptor, template: Template, body: str, readers: Readers) -> RequestBinding:
        ignore = self._ignore_unknown_query
        return RequestBinding(message, template, body, readers, self._image, ignore_unknown_query=ignore)

    def _codec(self, style: JsonStyle) -> tuple[Readers, Writers]:
        if style not in self._codecs:
            pool = self._image.pool
            self._codecs[style] = (Readers(pool, style), Writers(pool, style))
        return self._codecs[style]


def _rules(method: MethodDescriptor, option: Any) -> Iterator[Rule]:
    if option is not None:
        yield _rule(option)
        for additional in option.additional_bindings:
            if additional.additional_bindings:
                raise BindingError(f"{method.full_name}: an additional binding has bindings of its own")
            yield _rule(additional)
    path = f"/{method.containing_service.full_name}/{method.name}"
    yield Rule("POST", path, "*", "", is_default=True)


def _rule(option: Any) -> Rule:
    pattern = option.WhichOneof("pattern")
    if pattern == "custom":
        http_method, path = option.custom.kind, option.custom.path
    else:
        http_method, path = (pattern or "").upper(), getattr(option, pattern) if pattern else ""
    return Rule(http_method, path, option.body, option.response_body)
