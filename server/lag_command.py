"""`fluentpro events lag`: how far background work is behind."""

from collections.abc import Iterator, Sequence

import typer

from adapters.settings import Settings
from adapters.sql.engine import Connections
from adapters.sql.lag import MOST_COUNTED, Lag, lags, unpublished
from server.command_database import on_database
from workers.handlers import INTERESTS

Unpublished = tuple[int, float]
"""How many events wait for the relay, and the age of the oldest in seconds."""


def run() -> None:
    """Print it. Raises what REFUSALS names."""
    found, waiting = on_database(_read)
    for line in lines(found, waiting):
        typer.echo(line)


def lines(found: Sequence[Lag], waiting: Unpublished) -> Iterator[str]:
    """Yield a line for each handler, and one for what waits for the relay."""
    width = max(len("handler"), *(len(each.handler) for each in found))
    yield f"{'handler':{width}}  {'behind':>7}  {'oldest':>9}  {'tried':>5}  {'dead':>5}"
    for each in found:
        behind = f"{each.behind}{'+' if each.behind >= MOST_COUNTED else ''}"
        oldest = _age(each.oldest_seconds) if each.behind else "-"
        yield f"{each.handler:{width}}  {behind:>7}  {oldest:>9}  {each.tried:>5}  {each.dead:>5}"
    events, seconds = waiting
    yield f"unpublished: {events}{f', the oldest for {_age(seconds)}' if events else ''}"


async def _read(_settings: Settings, connections: Connections) -> tuple[Sequence[Lag], Unpublished]:
    async with connections.reading() as connection:
        return await lags(connection, INTERESTS), await unpublished(connection)


def _age(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s"
