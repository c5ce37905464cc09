"""`fluentpro events dead`: events that a handler could not handle."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from uuid import UUID

import typer

from adapters.choices import master_keys
from adapters.settings import Settings
from adapters.sql.engine import Connections
from adapters.sql.unit_of_work import SqlReads, SqlUnitOfWork
from domain.audit.dead_letter import OPEN, DeadLetter
from domain.audit.dead_letters import DiscardDeadLetter, ListDeadLetters, RetryDeadLetter
from domain.shared.clock import system_clock
from domain.shared.pages import MAXIMUM_SIZE, PageRequest
from server.command_database import on_database


def show(*, closed: bool) -> None:
    """Print them, the newest first. Raises what REFUSALS names."""
    for line in lines(on_database(partial(_read, closed=closed))):
        typer.echo(line)


def retry(dead_letter_id: UUID) -> None:
    """Queue one. Exit code 1: there is none, or nothing is to be done about it. Raises what REFUSALS names."""
    letter = _decide(RetryDeadLetter, dead_letter_id)
    typer.echo(f"{letter.handler} tries {letter.stream_id} version {letter.version} again once background work runs")


def discard(dead_letter_id: UUID) -> None:
    """Discard one. Exit code 1: there is none, or nothing is to be done about it. Raises what REFUSALS names."""
    letter = _decide(DiscardDeadLetter, dead_letter_id)
    typer.echo(f"{letter.handler} goes without {letter.stream_id} version {letter.version}")


def lines(letters: Sequence[DeadLetter]) -> Iterator[str]:
    """Yield two lines for each."""
    if not letters:
        yield "no dead letters"
    for each in letters:
        times = "once" if each.tries == 1 else f"{each.tries} times"
        yield f"{each.id}  {each.state}  {each.created_at:%Y-%m-%d %H:%M:%S}Z  {each.handler}  tried {times}"
        yield f"    {each.type}, {each.stream_id} version {each.version}"
        yield f"    {each.reason}  {each.error}"


async def _read(_settings: Settings, connections: Connections, *, closed: bool) -> Sequence[DeadLetter]:
    dead_letters = ListDeadLetters(SqlReads(connections))
    letters: list[DeadLetter] = []
    page = PageRequest(MAXIMUM_SIZE)
    while True:
        found = await dead_letters(page, frozenset() if closed else OPEN)
        letters += found.items
        if found.next_after is None:
            return letters
        page = PageRequest(MAXIMUM_SIZE, found.next_after)


Decision = Callable[..., RetryDeadLetter | DiscardDeadLetter]


def _decide(decision: Decision, dead_letter_id: UUID) -> DeadLetter:
    async def decide(settings: Settings, connections: Connections) -> DeadLetter:
        master = master_keys(settings)
        return await decision(lambda: SqlUnitOfWork(connections, system_clock, master), system_clock)(
            str(dead_letter_id)
        )

    return on_database(decide)
