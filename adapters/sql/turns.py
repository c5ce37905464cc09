"""What was said, in Postgres."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.practice import turn
from domain.practice.chat import Author
from domain.practice.model import Turn
from domain.shared.errors import ConcurrentUpdate

_ADD = insert(turn)
_OF_CONVERSATION = select(turn).where(turn.c.conversation_id == bindparam("conversation"))
_BY_CLIENT_MESSAGE_ID = _OF_CONVERSATION.where(turn.c.client_message_id == bindparam("client_message"))
_OF_PARTNER = select(turn).where(turn.c.generation_id == bindparam("generation"), turn.c.author == "partner")
_NEWEST = _OF_CONVERSATION.order_by(turn.c.position.desc()).limit(bindparam("limit"))
_AFTER = (
    _OF_CONVERSATION.where(turn.c.position > bindparam("after")).order_by(turn.c.position).limit(bindparam("limit"))
)


class SqlTurns:
    """Implements `domain.practice.ports.Turns`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, new: Turn) -> None:
        """Store a new one. Raises ConcurrentUpdate."""
        try:
            await self._connection.execute(_ADD, asdict(new))
        except IntegrityError as error:
            raise ConcurrentUpdate("The conversation") from error

    async def by_client_message_id(self, conversation_id: UUID, client_message_id: str) -> Turn | None:
        """Return the learner's turn to which the client gave this id."""
        values = {"conversation": conversation_id, "client_message": client_message_id}
        return await self._one(_BY_CLIENT_MESSAGE_ID, values)

    async def of_partner(self, generation_id: UUID) -> Turn | None:
        """Return the partner's turn that the generation made."""
        return await self._one(_OF_PARTNER, {"generation": generation_id})

    async def newest(self, conversation_id: UUID, limit: int) -> Sequence[Turn]:
        """Return the last ones, the oldest of them first."""
        return (await self._all(_NEWEST, {"conversation": conversation_id, "limit": limit}))[::-1]

    async def after(self, conversation_id: UUID, position: int, limit: int) -> Sequence[Turn]:
        """Return those that follow a position, in order."""
        return await self._all(_AFTER, {"conversation": conversation_id, "after": position, "limit": limit})

    async def _one(self, statement: Select[Any], values: dict[str, Any]) -> Turn | None:
        return next(iter(await self._all(statement, values)), None)

    async def _all(self, statement: Select[Any], values: dict[str, Any]) -> list[Turn]:
        return [_turn(row) for row in (await self._connection.execute(statement, values)).mappings()]


def _turn(row: RowMapping) -> Turn:
    return Turn(**{**row, "author": Author(row["author"])})
