"""Erasing users in Postgres."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, literal, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.events import erased_user, user_key
from adapters.sql.tables.identity import account, session
from adapters.sql.tables.onboarding import onboarding
from adapters.sql.tables.practice import conversation
from domain.identity.model import Erased

_USER = bindparam("erased", type_=Uuid)

# First of all: who writes answers locks them and then asks for the account, by a reference to it.
_DELETE_ANSWERS = delete(onboarding).where(onboarding.c.user_id == _USER)
# From here on nobody opens a session or starts a conversation of theirs.
_HOLD = select(account.c.id).where(account.c.id == _USER).with_for_update()
_END_SESSIONS = delete(session).where(session.c.user_id == _USER).returning(session.c.id)
_REPLIES = select(conversation.c.active_generation_id).where(
    conversation.c.user_id == _USER, conversation.c.active_generation_id.is_not(None)
)
# The rest of what is theirs refers to the account, and goes with it. Whoever writes there ends first: so the key goes
# when nothing more can be sealed with it.
_DELETE_ACCOUNT = delete(account).where(account.c.id == _USER)
_DELETE_KEY = delete(user_key).where(user_key.c.user_id == _USER)
_LIST = insert(erased_user).on_conflict_do_nothing()
_IS_BACK = union_all(
    select(literal(1)).where(account.c.id == _USER), select(literal(1)).where(user_key.c.user_id == _USER)
)
_BACK = union_all(
    select(account.c.id).where(account.c.id.in_(bindparam("ids", expanding=True))),
    select(user_key.c.user_id).where(user_key.c.user_id.in_(bindparam("ids", expanding=True))),
)
_LISTED = select(erased_user).order_by(erased_user.c.erased_at)
_LISTED_SINCE = _LISTED.where(erased_user.c.erased_at >= bindparam("since"))


class SqlErasures:
    """Takes away what is a person's own. See domain.identity.ports.Erasures."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def erase(self, user_id: UUID, now: datetime) -> Erased:
        """Delete everything of the user, and list them.

        Their jobs stay, which hold no word of theirs: one that waits or runs ends with USER_NOT_FOUND.
        """
        values = {"erased": user_id}
        await self._connection.execute(_DELETE_ANSWERS, values)
        await self._connection.execute(_HOLD, values)
        sessions = await self._ids(_END_SESSIONS, values)
        replies = await self._ids(_REPLIES, values)
        for statement in (_DELETE_ACCOUNT, _DELETE_KEY):
            await self._connection.execute(statement, values)
        await self._connection.execute(_LIST, {"user_id": user_id, "erased_at": now})
        return Erased(sessions, replies)

    async def is_back(self, user_id: UUID) -> bool:
        """Whether there is an account or a key of this user."""
        return (await self._connection.execute(_IS_BACK, {"erased": user_id})).first() is not None

    async def _ids(self, statement: Any, values: Mapping[str, Any]) -> tuple[UUID, ...]:
        return tuple((await self._connection.execute(statement, values)).scalars())


async def back_again(connection: AsyncConnection, user_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of whom there is an account or a key."""
    return set((await connection.execute(_BACK, {"ids": list(user_ids)})).scalars())


async def erased_users(connection: AsyncConnection, since: datetime | None) -> list[tuple[UUID, datetime]]:
    """Return who was erased and when, from `since` on (None: ever), the earliest first."""
    found = connection.execute(_LISTED) if since is None else connection.execute(_LISTED_SINCE, {"since": since})
    return [(row.user_id, row.erased_at) for row in await found]
