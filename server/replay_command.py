"""`fluentpro events replay`: make a projection's rows anew."""

import time

import typer

from adapters.choices import master_keys
from adapters.settings import Settings
from adapters.sql.engine import Connections
from server.command_database import REFUSED, on_database
from workers.handler import Projection
from workers.handlers import HANDLERS
from workers.replay import Remade, Replay

_TELL_EVERY = 5.0
"""Seconds between two lines of progress."""


def run(handler: str, stream_id: str | None) -> None:
    """Replay, and tell how far it is. Exit code 1: a stream could not be made anew and is as it was.

    Raises BadParameter for a name that is no projection's, and what REFUSALS names.
    """
    projection = find(handler)

    async def replay(settings: Settings, connections: Connections) -> "Tally":
        tally = Tally()
        async for remade in Replay(connections, projection, master_keys(settings))(stream_id):
            tally.add(remade)
        return tally

    tally = on_database(replay)
    typer.echo(f"{handler}: {tally}")
    if tally.failed:
        raise typer.Exit(REFUSED)


def find(name: str) -> Projection:
    """Return the projection of this name. Raises BadParameter, which names those there are."""
    projections = {each.name: each for each in HANDLERS if isinstance(each, Projection)}
    if name in projections:
        return projections[name]
    known = ", ".join(sorted(projections))
    if any(each.name == name for each in HANDLERS):
        raise typer.BadParameter(f"{name} makes no rows that could be made anew; {known} do.", param_hint="HANDLER")
    raise typer.BadParameter(f"no handler is called {name!r}; projections are {known}.", param_hint="HANDLER")


class Tally:
    """Counts what was made anew, and tells of it now and then."""

    def __init__(self) -> None:
        self.streams, self.events, self.failed = 0, 0, 0
        self._told_at = time.monotonic()

    def add(self, remade: Remade) -> None:
        """Count one stream; a failure is told at once."""
        if remade.error is not None:
            self.failed += 1
            typer.echo(f"{remade.stream_id} is left as it was: {remade.error}", err=True)
            return
        self.streams += 1
        self.events += remade.events
        if time.monotonic() - self._told_at >= _TELL_EVERY:
            self._told_at = time.monotonic()
            typer.echo(f"{self} so far, up to {remade.stream_id}", err=True)

    def __str__(self) -> str:
        failed = f", {self.failed} streams failed" if self.failed else ""
        return f"{self.events} events of {self.streams} streams{failed}"
