"""Showing one conversation as it is stored, for operators."""

from collections.abc import Iterator
from uuid import UUID

import typer

from domain.practice.inspecting import Inspection
from domain.practice.inspection import ReplyLog
from domain.practice.model import Generation, Turn
from server.state_application import on_state
from server.state_text import columns, moment

_TURNS = ("turn", "author", "said", "reply", "version", "at")
_REPLIES = ("reply", "status", "attempt", "lease until", "characters", "last sequence", "log", "ended")


def run(conversation_id: UUID, *, with_text: bool) -> None:
    """Print one conversation; exit 1 when there is none. Raises what REFUSALS names."""
    found = on_state(lambda state: state.inspect_conversation(str(conversation_id)))
    for line in lines(found, with_text=with_text):
        typer.echo(line)


def lines(found: Inspection, *, with_text: bool) -> Iterator[str]:
    """Yield what is printed of a conversation."""
    history = found.history
    yield from _conversation(found)
    yield ""
    yield from columns(_TURNS, [_turn(turn, with_text=with_text) for turn in history.turns])
    if history.generations:
        yield ""
        yield from columns(_REPLIES, [_reply(each, found.logs[each.id]) for each in history.generations])
    yield ""
    streams = [(each.method, moment(each.opened_at), each.device) for each in found.streams]
    yield from columns(("open stream", "since", "device"), streams) if streams else ("no stream is open",)
    yield ""
    yield from map(str, found.problems) if found.problems else ("no problem was found",)


def _conversation(found: Inspection) -> Iterator[str]:
    conversation = found.history.conversation
    known = {
        "conversation": conversation.id,
        "learner": conversation.user_id,
        "scenario": conversation.scenario_id,
        "status": conversation.status.value,
        "version": conversation.version,
        "fence": conversation.fence,
        "turns": conversation.turns,
        "under way": conversation.active_generation_id,
        "begun": moment(conversation.created_at),
        "changed": moment(conversation.updated_at),
        "ended": moment(conversation.ended_at),
    }
    yield from (f"{name:<13} {value}" for name, value in known.items() if value not in (None, ""))


def _turn(turn: Turn, *, with_text: bool) -> tuple[str, ...]:
    said = turn.text if with_text else f"{len(turn.text)} characters"
    kind = " (partial)" if turn.partial else ""
    kind += " (replaced)" if turn.replaced else ""
    reply = str(turn.generation_id or "")
    return str(turn.position), turn.author.value, said + kind, reply, str(turn.version), moment(turn.created_at)


def _reply(reply: Generation, log: ReplyLog) -> tuple[str, ...]:
    status = reply.status.value
    reason = reply.failure_reason or reply.finish_reason
    return (
        str(reply.id),
        f"{status} ({reason})" if reason else status,
        str(reply.attempt),
        moment(reply.lease_until),
        str(len(reply.partial_text)),
        str(reply.last_sequence),
        log.fault.value if log.fault else f"{len(log.entries)} entries" if log.entries else "none",
        moment(reply.ended_at),
    )
