"""Conversations in Postgres."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, RowMapping, Select, any_, bindparam, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.practice import conversation
from domain.identity.errors import UserNotFound
from domain.practice.model import Conversation, ConversationStatus
from domain.practice.ports import Place
from domain.shared.errors import ConcurrentUpdate

_CHANGING = ("status", "version", "fence", "turns", "active_generation_id", "updated_at", "ended_at")

_ADD = insert(conversation)
_GET = select(conversation).where(conversation.c.id == bindparam("key"), conversation.c.user_id == bindparam("owner"))
# NO KEY: turns and generations of it may be added meanwhile by the one who has it locked.
_LOCK = _GET.with_for_update(key_share=True)
_SAVE = (
    update(conversation)
    .where(conversation.c.id == bindparam("key"), conversation.c.version == bindparam("new_version") - 1)
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_VERSIONS = select(conversation.c.id, conversation.c.version).where(
    conversation.c.id == any_(bindparam("keys", type_=ARRAY(conversation.c.id.type)))
)
_NEWEST = (
    select(conversation)
    .where(conversation.c.user_id == bindparam("owner"))
    .order_by(conversation.c.created_at.desc(), conversation.c.id.desc())
    .limit(bindparam("limit"))
)
_NEWEST_BEFORE = _NEWEST.where(
    tuple_(conversation.c.created_at, conversation.c.id)
    < tuple_(
        bindparam("before_time", type_=conversation.c.created_at.type),
        bindparam("before_id", type_=conversation.c.id.type),
    )
)


def nobody(_conversation_id: UUID) -> None:
    """Tell nobody."""


class SqlConversations:
    """Implements `domain.practice.ports.Conversations`; `saved` is told the id of each that was saved."""

    def __init__(self, connection: AsyncConnection, saved: Callable[[UUID], object] = nobody) -> None:
        self._connection = connection
        self._saved = saved

    async def add(self, new: Conversation) -> None:
        """Store a new one. Raises UserNotFound."""
        try:
            await self._connection.execute(_ADD, asdict(new))
        except IntegrityError as error:  # the only reference is the one to the account
            raise UserNotFound(new.user_id) from error

    async def get(self, conversation_id: UUID, user_id: UUID) -> Conversation | None:
        """Return the learner's conversation."""
        return await self._one(_GET, conversation_id, user_id)

    async def lock(self, conversation_id: UUID, user_id: UUID) -> Conversation | None:
        """Return it locked until the transaction's end."""
        return await self._one(_LOCK, conversation_id, user_id)

    async def save(self, changed: Conversation) -> None:
        """Write it. Raises ConcurrentUpdate."""
        values = {"key": changed.id, **{f"new_{name}": getattr(changed, name) for name in _CHANGING}}
        if (await self._connection.execute(_SAVE, values)).rowcount == 0:
            raise ConcurrentUpdate("The conversation")
        self._saved(changed.id)

    async def versions(self, conversation_ids: Collection[UUID]) -> Mapping[UUID, int]:
        """Return the present version of each."""
        rows = await self._connection.execute(_VERSIONS, {"keys": list(conversation_ids)})
        return {row["id"]: row["version"] for row in rows.mappings()}

    async def newest(self, user_id: UUID, before: Place | None, limit: int) -> Sequence[Conversation]:
        """Return some, the newest first."""
        values: dict[str, Any] = {"owner": user_id, "limit": limit}
        if before is not None:
            values |= {"before_time": before.created_at, "before_id": before.id}
        rows = await self._connection.execute(_NEWEST if before is None else _NEWEST_BEFORE, values)
        return [_conversation(row) for row in rows.mappings()]

    async def _one(self, statement: Select[Any], conversation_id: UUID, user_id: UUID) -> Conversation | None:
        row = (await self._connection.execute(statement, {"key": conversation_id, "owner": user_id})).mappings().first()
        return None if row is None else _conversation(row)


def _conversation(row: RowMapping) -> Conversation:
    return Conversation(**{**row, "status": ConversationStatus(row["status"])})
