"""`fluentpro routes`: what the contract serves by HTTP, for people and for the comparison with the baseline."""

import json
from pathlib import Path

import typer

from gateway.binding import Binding, BindingError
from gateway.image import Image, ImageError
from gateway.routes import RouteError
from server.contract_guard.document import declared_bindings, document
from server.image import our_image


def show(descriptors: Path | None, *, as_json: bool) -> None:
    """Print the routes of an image; for one that cannot be served say why, and exit with 1."""
    try:
        image = Image.read(descriptors) if descriptors else our_image()
        lines = [_json_text(image)] if as_json else [_line(binding) for binding in declared_bindings(image)]
    except (ImageError, BindingError, RouteError) as error:
        typer.echo(f"fluentpro: {error}", err=True)
        raise typer.Exit(1) from None
    for line in lines:
        typer.echo(line)


def _json_text(image: Image) -> str:
    """Return the document that `proto/baseline/routes.json` keeps, as text."""
    return json.dumps(document(image), indent=1, ensure_ascii=False)


def _line(binding: Binding) -> str:
    arrow = f"{'stream ' * binding.client_streaming}→{' stream of' * binding.server_streaming}"
    return f"{binding.http_method:6} {binding.template.text:72} {arrow} {binding.rpc}"
