"""Checking what is stored of conversations, for operators."""

from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

import typer

from adapters.application import StateUseCases
from domain.practice.inspecting import Checked
from domain.practice.inspection import LogFault
from server.state_application import FOUND, on_state


@dataclass(slots=True)
class Tally:
    """What has been looked at."""

    conversations: int = 0
    problems: int = 0
    recoverable: int = 0
    logs_compared: bool = True


def run(conversation_id: UUID | None) -> None:
    """Print every problem, and what was looked at; exit 1 when there are any. Raises what REFUSALS names."""
    tally = on_state(lambda state: _check(state, conversation_id))
    typer.echo(f"conversations checked: {tally.conversations}; {_result(tally)}")
    if not tally.logs_compared:
        typer.echo("the logs of replies did not answer and were not compared", err=True)
    if tally.problems:
        raise typer.Exit(FOUND)


def _result(tally: Tally) -> str:
    if not tally.problems:
        return "no problem was found"
    return f"problems: {tally.problems}, of which `fluentpro state recover --apply` mends {tally.recoverable}"


async def _check(state: StateUseCases, conversation_id: UUID | None) -> Tally:
    tally = Tally()
    if conversation_id is not None:
        found = await state.inspect_conversation(str(conversation_id))
        answer = all(log.fault is not LogFault.UNAVAILABLE for log in found.logs.values())
        _count(tally, Checked(conversation_id, found.problems, answer))
        return tally
    async with aclosing(state.check_conversations()) as every:
        async for checked in every:
            _count(tally, checked)
    return tally


def _count(tally: Tally, checked: Checked) -> None:
    for problem in checked.problems:
        typer.echo(f"{checked.conversation_id}: {problem}")
    tally.conversations += 1
    tally.problems += len(checked.problems)
    tally.recoverable += sum(problem.recoverable for problem in checked.problems)
    tally.logs_compared = tally.logs_compared and checked.logs_compared
