"""What was said, in Postgres."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.practice import generation, turn
from domain.practice.chat import Author
from domain.practice.model import ACTIVE, Turn
from domain.shared.errors import ConcurrentUpdate

_asked = turn.alias("asked")
_IS_UNDER_WAY = or_(*(generation.c.status == status.value for status in ACTIVE))
_IS_SHOWN = turn.c.replaced.is_(False)

_ADD = insert(turn)
_GET = select(turn).where(turn.c.id == bindparam("key"))
_OF_CONVERSATION = select(turn).where(turn.c.conversation_id == bindparam("conversation"))
_BY_CLIENT_MESSAGE_ID = _OF_CONVERSATION.where(turn.c.client_message_id == bindparam("client_message"))
_OF_PARTNER = select(turn).where(turn.c.generation_id == bindparam("generation"), turn.c.author == "partner")
_NEWEST_OF_LEARNER = _OF_CONVERSATION.where(turn.c.author == "learner").order_by(turn.c.position.desc()).limit(1)
_LEADING_TO = (
    select(turn)
    .join(_asked, and_(turn.c.conversation_id == _asked.c.conversation_id, turn.c.position <= _asked.c.position))
    .where(_asked.c.id == bindparam("key"), _IS_SHOWN)
    .order_by(turn.c.position.desc())
    .limit(bindparam("limit"))
)
_REPLIES_TO = (
    select(turn)
    .join(generation, generation.c.id == turn.c.generation_id)
    .where(generation.c.turn_id == bindparam("key"), turn.c.author == "partner")
    .order_by(turn.c.position)
)
# Where the message stands that is being answered; nothing when none is.
_BEING_ANSWERED = (
    select(_asked.c.position)
    .join(generation, generation.c.turn_id == _asked.c.id)
    .where(generation.c.conversation_id == bindparam("conversation"), _IS_UNDER_WAY)
    .scalar_subquery()
)
_CHANGED = (
    _OF_CONVERSATION.where(
        turn.c.version > bindparam("seen"),
        turn.c.version <= bindparam("until"),
        turn.c.position > bindparam("behind"),
    )
    .order_by(turn.c.position)
    .limit(bindparam("limit"))
)
_AFTER = (
    _OF_CONVERSATION.where(
        turn.c.position > bindparam("after"),
        turn.c.position <= func.coalesce(_BEING_ANSWERED, turn.c.position),
        _IS_SHOWN,
    )
    .order_by(turn.c.position)
    .limit(bindparam("limit"))
)
_REPLACE_REPLIES = (
    update(turn)
    .where(
        turn.c.author == "partner",
        turn.c.generation_id.in_(select(generation.c.id).where(generation.c.turn_id == bindparam("key"))),
        _IS_SHOWN,
    )
    .values(replaced=True, version=bindparam("new_version"))
    .returning(turn.c.id)
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

    async def get(self, turn_id: UUID) -> Turn | None:
        """Return it, whosever it is."""
        return await self._one(_GET, {"key": turn_id})

    async def by_client_message_id(self, conversation_id: UUID, client_message_id: str) -> Turn | None:
        """Return the learner's turn to which the client gave this id."""
        values = {"conversation": conversation_id, "client_message": client_message_id}
        return await self._one(_BY_CLIENT_MESSAGE_ID, values)

    async def changed(
        self, conversation_id: UUID, versions: tuple[int, int], position: int, limit: int
    ) -> Sequence[Turn]:
        """Return those that came or changed after one version and up to another."""
        place = {"conversation": conversation_id, "behind": position, "limit": limit}
        return await self._all(_CHANGED, place | {"seen": versions[0], "until": versions[1]})

    async def of_partner(self, generation_id: UUID) -> Turn | None:
        """Return the partner's turn that the generation made."""
        return await self._one(_OF_PARTNER, {"generation": generation_id})

    async def newest_of_learner(self, conversation_id: UUID) -> Turn | None:
        """Return what the learner said last."""
        return await self._one(_NEWEST_OF_LEARNER, {"conversation": conversation_id})

    async def leading_to(self, turn_id: UUID, limit: int) -> Sequence[Turn]:
        """Return the last ones up to a turn, in order."""
        return (await self._all(_LEADING_TO, {"key": turn_id, "limit": limit}))[::-1]

    async def replies_to(self, turn_id: UUID) -> Sequence[Turn]:
        """Return all replies to a learner's turn, in order."""
        return await self._all(_REPLIES_TO, {"key": turn_id})

    async def after(self, conversation_id: UUID, position: int, limit: int) -> Sequence[Turn]:
        """Return those that follow a position and are to be shown, in order."""
        return await self._all(_AFTER, {"conversation": conversation_id, "after": position, "limit": limit})

    async def replace_replies(self, turn_id: UUID, version: int) -> Sequence[UUID]:
        """Mark the replies to a learner's turn as replaced."""
        values = {"key": turn_id, "new_version": version}
        return [row.id for row in await self._connection.execute(_REPLACE_REPLIES, values)]

    async def _one(self, statement: Select[Any], values: dict[str, Any]) -> Turn | None:
        return next(iter(await self._all(statement, values)), None)

    async def _all(self, statement: Select[Any], values: dict[str, Any]) -> list[Turn]:
        return [_turn(row) for row in (await self._connection.execute(statement, values)).mappings()]


def _turn(row: RowMapping) -> Turn:
    return Turn(**{**row, "author": Author(row["author"])})
