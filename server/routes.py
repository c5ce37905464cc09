"""`fluentpro routes`: what the contract serves by HTTP, for people and for the comparison with the baseline."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from google.protobuf.json_format import MessageToDict

from gateway.binding import Binding, BindingError, compile_routes
from gateway.image import Image, ImageError
from gateway.routes import RouteError
from server.image import our_image

_API_VERSION = "fluentpro.contract.v1.api_version"
_BEHAVIOUR = "google.api.field_behavior"


def show(descriptors: Path | None, *, as_json: bool) -> None:
    """Print the routes of an image; for one that cannot be served say why, and exit with 1."""
    try:
        image = Image.read(descriptors) if descriptors else our_image()
        bindings = [binding for binding in compile_routes(image) if not binding.rule.is_default]
    except (ImageError, BindingError, RouteError) as error:
        typer.echo(f"fluentpro: {error}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(_document(image, bindings), indent=1, ensure_ascii=False))
        return
    for binding in bindings:
        arrow = f"{'stream ' * binding.client_streaming}→{' stream of' * binding.server_streaming}"
        typer.echo(f"{binding.http_method:6} {binding.template.text:72} {arrow} {binding.rpc}")


def _document(image: Image, bindings: list[Binding]) -> dict[str, Any]:
    return {
        "api_versions": {name: MessageToDict(version) for name, version in sorted(_versions(image).items())},
        "routes": [_route(binding) for binding in bindings],
        "fields": dict(sorted(_fields(image))),
    }


def _versions(image: Image) -> dict[str, Any]:
    found = {file.package: image.option(file, _API_VERSION) for file in image.files}
    return {package: version for package, version in found.items() if version is not None}


def _route(binding: Binding) -> dict[str, Any]:
    return {
        "method": binding.http_method,
        "path": binding.template.text,
        "rpc": binding.rpc,
        "body": binding.rule.body,
        "response_body": binding.rule.response_body,
        "policy": MessageToDict(binding.policy) if binding.policy is not None else None,
    }


def _fields(image: Image) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what clients rely on that a comparison of shapes does not see: redaction and field behaviour."""
    versions = _versions(image)
    for file in image.files:
        if file.package in versions:
            for message in file.message_type:
                for field in message.field:
                    yield from _marks(image, f"{file.package}.{message.name}.{field.name}", field)


def _marks(image: Image, name: str, field: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    behaviours = image.option(field, _BEHAVIOUR) or ()
    marks: dict[str, Any] = {}
    if behaviours:
        marks["behaviour"] = list(behaviours)
    if field.options.debug_redact:
        marks["redacted"] = True
    if marks:
        yield name, marks
