"""`fluentpro events`: the record of what happened, and how far background work is with it."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

events = typer.Typer(help="What happened, and what became of it.", no_args_is_help=True)
dead = typer.Typer(help="Events that a handler could not handle.", no_args_is_help=True)
events.add_typer(dead, name="dead")

Stream = Annotated[str | None, typer.Option(help="One stream, such as user-0c9f…; all when absent.")]


@events.command()
def verify(
    stream: Stream = None,
    keys: Annotated[
        Path | None, typer.Option(help="Public keys as a JWK set; those of the settings when absent.")
    ] = None,
) -> None:
    """Prove that the record was not touched; exit 1 with the first bad stream and version if it was."""
    from server.verify_command import run

    run(stream, keys)


@events.command()
def tail(
    stream: Stream = None,
    *,
    since: Annotated[int | None, typer.Option(help="A position; from now on when absent.")] = None,
    follow: Annotated[bool, typer.Option(help="Go on until Ctrl-C.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="For machines: a line of JSON an event.")] = False,
) -> None:
    """Print events as they are recorded."""
    from server.tail_command import run

    run(stream, since, follow=follow, as_json=as_json)


@events.command()
def lag() -> None:
    """Print how far each handler is behind, and what waits for the relay."""
    from server.lag_command import run

    run()


@events.command()
def replay(
    handler: Annotated[str, typer.Argument(help="A projection, as `events lag` names it.")],
    stream: Stream = None,
) -> None:
    """Make a projection's rows anew from the events."""
    from server.replay_command import run

    run(handler, stream)


@dead.command("list")
def list_dead(*, closed: Annotated[bool, typer.Option(help="Those that are settled too.")] = False) -> None:
    """List what could not be handled, the newest first."""
    from server.dead_letters_command import show

    show(closed=closed)


@dead.command()
def retry(dead_letter_id: UUID) -> None:
    """Have a handler try an event again."""
    from server.dead_letters_command import retry

    retry(dead_letter_id)


@dead.command()
def discard(dead_letter_id: UUID) -> None:
    """Decide that the handler need not have the event."""
    from server.dead_letters_command import discard

    discard(dead_letter_id)
