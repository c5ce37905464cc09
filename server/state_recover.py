"""Mending what is stored of conversations, for operators."""

import getpass
from contextlib import aclosing
from uuid import UUID

import typer

from adapters.application import StateUseCases
from domain.practice.problems import Problem
from domain.shared.errors import DomainError
from server.state_application import FOUND, on_state


def run(conversation_id: UUID | None, *, apply: bool) -> None:
    """Mend one conversation or all, or only say what would be done; exit 1 when something is left.

    Raises what REFUSALS names.
    """
    is_left = on_state(lambda state: _recover(state, conversation_id, apply=apply))
    if is_left:
        raise typer.Exit(FOUND)


async def _recover(state: StateUseCases, conversation_id: UUID | None, *, apply: bool) -> bool:
    is_left = is_any = False
    for at_fault, problems in await _at_fault(state, conversation_id):
        is_any = True
        mends = apply and any(problem.recoverable for problem in problems)
        is_left |= await _mend(state, at_fault) if mends else _say(at_fault, problems)
    if not is_any:
        typer.echo("there is nothing to mend")
    elif not apply:
        typer.echo("nothing was changed: `--apply` does it")
    return is_left


async def _at_fault(state: StateUseCases, conversation_id: UUID | None) -> list[tuple[UUID, tuple[Problem, ...]]]:
    """Return what is wrong with which: all of it first, because mending needs another moment's snapshot."""
    if conversation_id is not None:
        found = await state.inspect_conversation(str(conversation_id))
        return [(conversation_id, found.problems)] if found.problems else []
    async with aclosing(state.check_conversations()) as every:
        return [(checked.conversation_id, checked.problems) async for checked in every if checked.problems]


def _say(conversation_id: UUID, problems: tuple[Problem, ...]) -> bool:
    for problem in problems:
        deed = f"would be mended: {problem.repair.deed}" if problem.repair else "cannot be mended"
        typer.echo(f"{conversation_id}: {problem}; {deed}")
    return True


async def _mend(state: StateUseCases, conversation_id: UUID) -> bool:
    try:
        done = await state.repair_conversation(str(conversation_id), getpass.getuser())
    except DomainError as error:
        typer.echo(f"{conversation_id}: {error.message}", err=True)
        return True
    for problem in done.mended:
        deed = problem.repair.deed if problem.repair else ""
        typer.echo(f"{conversation_id}: {problem}; mended: {deed}")
    for problem in done.left:
        typer.echo(f"{conversation_id}: {problem}; is left")
    return bool(done.left)
