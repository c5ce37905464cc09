"""`fluentpro openapi`: the OpenAPI document of the contract, or of any image, as a file."""

import json
from pathlib import Path

import typer

from gateway.binding import BindingError, compile_routes
from gateway.image import Image, ImageError
from gateway.openapi.documents import NEWEST, Documents
from gateway.routes import RouteError
from server.image import our_image
from server.openapi_wording import WORDING


def write(descriptors: Path | None, output: Path | None, version: str | None) -> None:
    """Write a document to a file or to stdout; for what there is none of say why, and exit with 1."""
    try:
        image = Image.read(descriptors) if descriptors else our_image()
        routes = compile_routes(image)
    except (ImageError, BindingError, RouteError) as error:
        raise _refused(str(error)) from None
    documents = Documents(image, routes) if descriptors else Documents(image, routes, WORDING)
    if version is not None and version not in documents.names:
        raise _refused(f"there is no version {version!r}; there is: {', '.join(documents.names) or 'none'}")
    text = json.dumps(documents.document(version or NEWEST), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _refused(f"{output} cannot be written: {error.strerror}") from None


def _refused(reason: str) -> typer.Exit:
    typer.echo(f"fluentpro: {reason}", err=True)
    return typer.Exit(1)
