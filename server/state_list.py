"""Listing and finding conversations, for operators."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import typer

from domain.identity.email import parse_email
from domain.practice.inspection import ConversationQuery
from domain.practice.model import Conversation
from domain.shared.checks import Refused
from server.state_application import on_state
from server.state_text import columns, moment

_HEADINGS = ("conversation", "learner", "scenario", "status", "turns", "reply under way", "begun")


def run(wanted: Mapping[str, Any], limit: int, *, as_json: bool) -> None:
    """Print the conversations that fit, the newest first. Raises what REFUSALS names."""
    query = _query(wanted)
    found = on_state(lambda state: state.find_conversations(query, limit))
    for line in map(_json, found) if as_json else columns(_HEADINGS, [_row(each) for each in found]):
        typer.echo(line)


def _query(wanted: Mapping[str, Any]) -> ConversationQuery:
    return ConversationQuery(
        **_whose(wanted.get("user")),
        scenario_id=wanted.get("scenario"),
        status=wanted.get("status"),
        active=bool(wanted.get("active")),
        since=_utc(wanted.get("since")),
        until=_utc(wanted.get("until")),
        generation_id=wanted.get("generation"),
        client_message_id=wanted.get("client_message_id"),
        text=wanted.get("text"),
    )


def _whose(user: str | None) -> dict[str, Any]:
    if user is None:
        return {}
    if "@" not in user:
        try:
            return {"user_id": UUID(user)}
        except ValueError:
            raise typer.BadParameter("is neither an id nor an e-mail address", param_hint="--user") from None
    try:
        return {"email_key": parse_email(user).key}
    except Refused as refused:
        raise typer.BadParameter(refused.message, param_hint="--user") from refused


def _utc(value: datetime | None) -> datetime | None:
    return value and value.replace(tzinfo=UTC)


def _row(found: Conversation) -> Sequence[str]:
    return (
        str(found.id),
        str(found.user_id),
        found.scenario_id,
        found.status.value,
        str(found.turns),
        str(found.active_generation_id or ""),
        moment(found.created_at),
    )


def _json(found: Conversation) -> str:
    return orjson.dumps(found, default=str).decode()
