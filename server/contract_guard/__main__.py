"""`python -m server.contract_guard`: say what the contract breaks, and exit with 1 when that is refused."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.binding import BindingError
from gateway.image import ImageError
from gateway.routes import RouteError
from server.contract_guard.comparison import Baseline, Comparison, compare
from server.contract_guard.finding import Finding
from server.contract_guard.shapes import ShapesNotCompared

_ADVICE = (
    "Keep the old beside the new, or make the change in a new version (docs/guide/add-a-version.md).\n"
    "When it must be, accept it with `make baseline` and a page in docs/decisions/ that says why."
)


def main(
    image: Annotated[Path, typer.Argument(help="The contract as it is now.")],
    baseline: Annotated[Path, typer.Argument(help="The folder of what was accepted last.")],
) -> None:
    """Compare the contract with its baseline."""
    try:
        done = compare(Baseline.read(baseline), image)
    except (ImageError, BindingError, RouteError, ShapesNotCompared, OSError, ValueError) as error:
        typer.echo(f"the contract cannot be compared: {error}", err=True)
        raise typer.Exit(2) from None
    _tell(done)
    raise typer.Exit(1 if done.refused else 0)


def _tell(done: Comparison) -> None:
    if done.reported:
        _list("Changed, in a version that may still change (`make baseline` accepts it):", done.reported)
    if done.refused:
        _list("Refused: this breaks clients of a version that has promised to stay as it is.", done.refused)
        typer.echo(_ADVICE, err=True)
    if done.has_additions:
        typer.echo("The contract has additions that the baseline does not protect yet: `make baseline` takes them in.")


def _list(title: str, findings: tuple[Finding, ...]) -> None:
    typer.echo(title, err=True)
    for finding in findings:
        typer.echo(f"  {finding}", err=True)


if __name__ == "__main__":
    typer.run(main)
