"""Writing all about one conversation to a file, for operators."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import typer

from domain.practice.inspecting import Inspection
from domain.practice.inspection import RecordedEvent, ReplyLog
from domain.practice.model import Generation, Turn
from domain.practice.reply import LogEntry, Snapshot, TextDelta
from server.state_application import on_state


def run(conversation_id: UUID, output: Path, *, with_text: bool) -> None:
    """Write the file anew. Raises what REFUSALS names."""
    found = on_state(lambda state: state.inspect_conversation(str(conversation_id)))
    content = orjson.dumps(document(found, with_text=with_text), default=str, option=orjson.OPT_INDENT_2)
    try:
        _write(output, content)
    except OSError as error:
        raise typer.BadParameter(error.strerror or "cannot be written", param_hint="--output") from error
    typer.echo(f"{output}: {len(content)} bytes")


def _write(output: Path, content: bytes) -> None:
    with open(output, "wb", opener=lambda path, flags: os.open(path, flags, mode=0o600)) as file:
        file.write(content)


def document(found: Inspection, *, with_text: bool) -> dict[str, Any]:
    """Return everything about a conversation as JSON values; what was said is None unless asked for."""
    history = found.history
    return {
        "seen_at": history.seen_at,
        "conversation": asdict(history.conversation),
        "turns": [_row(turn, "text", with_text=with_text) for turn in history.turns],
        "generations": [_row(each, "partial_text", with_text=with_text) for each in history.generations],
        "logs": {str(key): _log(log, with_text=with_text) for key, log in found.logs.items()},
        "events": [_event(each, with_text=with_text) for each in history.events],
        "streams": [
            {"method": each.method, "device": each.device, "opened_at": each.opened_at} for each in found.streams
        ],
        "problems": [
            {"place": each.place, "problem": each.problem, "recoverable": each.recoverable} for each in found.problems
        ],
    }


def _row(row: Turn | Generation, words: str, *, with_text: bool) -> dict[str, Any]:
    values = asdict(row)
    said = values[words]
    return values | {words: said if with_text else None, "characters": len(said)}


def _log(log: ReplyLog, *, with_text: bool) -> dict[str, Any]:
    entries = [_entry(entry, with_text=with_text) for entry in log.entries]
    return {"fault": log.fault.value if log.fault else None, "entries": entries}


def _entry(entry: LogEntry, *, with_text: bool) -> dict[str, Any]:
    event = asdict(entry.event)
    if isinstance(entry.event, TextDelta | Snapshot):
        said = entry.event.text
        event = {"text": said if with_text else None, "characters": len(said)}
    position = entry.position
    return {"place": f"{position.attempt}-{position.sequence}", "kind": type(entry.event).__name__, "event": event}


def _event(recorded: RecordedEvent, *, with_text: bool) -> dict[str, Any]:
    data: dict[str, Any] | None = None
    if recorded.event is not None:
        data = recorded.event.to_dict()
        if not with_text:
            data |= dict.fromkeys(recorded.event.personal_fields())
    return {
        "stream_id": recorded.stream_id,
        "version": recorded.version,
        "type": recorded.type,
        "occurred_at": recorded.occurred_at,
        "data": data,
    }
