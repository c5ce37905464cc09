"""Finding conversations by what operators ask for."""

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from adapters.sql.tables.identity import account
from adapters.sql.tables.practice import conversation, generation, turn
from domain.practice.inspection import ConversationQuery


def finding(query: ConversationQuery, limit: int) -> Select[Any]:
    """Return the statement that finds them, the newest first."""
    return (
        select(conversation)
        .where(*_of_row(query), *_of_parts(query))
        .order_by(conversation.c.created_at.desc(), conversation.c.id.desc())
        .limit(limit)
    )


def _of_row(query: ConversationQuery) -> list[ColumnElement[bool]]:
    columns, conditions = conversation.c, []
    if query.user_id is not None:
        conditions.append(columns.user_id == query.user_id)
    if query.email_key is not None:
        conditions.append(columns.user_id.in_(select(account.c.id).where(account.c.email_key == query.email_key)))
    if query.scenario_id is not None:
        conditions.append(columns.scenario_id == query.scenario_id)
    if query.status is not None:
        conditions.append(columns.status == query.status.value)
    if query.active:
        conditions.append(columns.active_generation_id.is_not(None))
    if query.since is not None:
        conditions.append(columns.created_at >= query.since)
    if query.until is not None:
        conditions.append(columns.created_at < query.until)
    return conditions


def _of_parts(query: ConversationQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    turns = select(turn.c.id).where(turn.c.conversation_id == conversation.c.id)
    replies = select(generation.c.id).where(generation.c.conversation_id == conversation.c.id)
    if query.generation_id is not None:
        conditions.append(replies.where(generation.c.id == query.generation_id).exists())
    if query.client_message_id is not None:
        said = turns.where(turn.c.client_message_id == query.client_message_id).exists()
        asked = replies.where(generation.c.client_message_id == query.client_message_id).exists()
        conditions.append(or_(said, asked))
    if query.text is not None:
        conditions.append(turns.where(turn.c.text.icontains(query.text, autoescape=True)).exists())
    return conditions
