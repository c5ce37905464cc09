"""`fluentpro state`: conversations as they are stored. Nothing is changed but by `recover --apply`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from domain.practice.model import ConversationStatus

state = typer.Typer(help="Conversations as they are stored.", no_args_is_help=True)

ConversationId = Annotated[UUID, typer.Argument(help="As `state list` names it.")]
User = Annotated[str | None, typer.Option(help="One learner's: an id or an e-mail address.")]
Status = Annotated[ConversationStatus | None, typer.Option(help="Those that stand so.")]
Active = Annotated[bool, typer.Option(help="Those with a reply under way.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most this many.")]
Json = Annotated[bool, typer.Option("--json", help="For machines: a line of JSON each.")]
Words = Annotated[bool, typer.Option("--text", help="With what was said.")]


@state.command("list")
def list_conversations(
    *, status: Status = None, user: User = None, active: Active = False, limit: Limit = 20, as_json: Json = False
) -> None:
    """List conversations, the newest first."""
    from server.state_list import run

    run({"status": status, "user": user, "active": active}, limit, as_json=as_json)


@state.command()
def search(  # noqa: PLR0913 - an option each
    *,
    user: User = None,
    scenario: Annotated[str | None, typer.Option(help="Those that play this scenario.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Begun from this moment on, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Begun before this moment, UTC.")] = None,
    status: Status = None,
    active: Active = False,
    generation: Annotated[UUID | None, typer.Option(help="The one with this reply.")] = None,
    client_message_id: Annotated[str | None, typer.Option(help="Those with a message of this id.")] = None,
    text: Annotated[str | None, typer.Option(help="Those in which this was said. It reads every turn.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Find conversations. What is given must all fit."""
    from server.state_list import run

    of_parts = {"generation": generation, "client_message_id": client_message_id, "text": text}
    of_row = {"user": user, "scenario": scenario, "since": since, "until": until, "status": status, "active": active}
    run(of_row | of_parts, limit, as_json=as_json)


@state.command()
def show(conversation_id: ConversationId, *, text: Words = False) -> None:
    """Print all about one conversation but what was said in it."""
    from server.state_show import run

    run(conversation_id, with_text=text)


@state.command()
def check(
    conversation_id: Annotated[UUID | None, typer.Argument(help="One conversation; all when absent.")] = None,
) -> None:
    """Compare rows, events and logs; exit 1 with every problem if they contradict."""
    from server.state_check import run

    run(conversation_id)


@state.command()
def recover(
    conversation_id: Annotated[UUID | None, typer.Argument(help="One conversation; all when absent.")] = None,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; otherwise it is only said.")] = False,
) -> None:
    """Mend what can be mended; exit 1 when something is left."""
    from server.state_recover import run

    run(conversation_id, apply=apply)


@state.command()
def export(
    conversation_id: ConversationId,
    *,
    output: Annotated[Path, typer.Option(help="The file to write, for its owner alone to read.")],
    text: Words = False,
) -> None:
    """Write all about one conversation as JSON."""
    from server.state_export import run

    run(conversation_id, output, with_text=text)
