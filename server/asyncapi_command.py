"""`fluentpro asyncapi`: the document of the event feed, or its page, as a file."""

from pathlib import Path

import typer

from server.feed.page import events_page
from server.feed.serving import asyncapi_text


def write(output: Path | None, *, markdown: bool) -> None:
    """Write the document, or the page, to a file or to stdout; exit with 1 where that cannot be."""
    text = events_page() if markdown else asyncapi_text()
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"fluentpro: {output} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None
