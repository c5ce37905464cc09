"""The learners' tokens of each day, in Postgres."""

from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.practice import token_budget

_TOKENS = bindparam("tokens", type_=token_budget.c.reserved.type)
# Whoever reserves for the same learner waits for this transaction's end, and then sees what is left.
_RESERVE = (
    insert(token_budget)
    .values(user_id=bindparam("key"), day=bindparam("on_day"), reserved=_TOKENS, spent=0)
    .on_conflict_do_update(
        index_elements=[token_budget.c.user_id, token_budget.c.day],
        set_={"reserved": token_budget.c.reserved + _TOKENS},
        where=token_budget.c.reserved + token_budget.c.spent + _TOKENS <= bindparam("most"),
    )
)
_SETTLE = (
    update(token_budget)
    .where(token_budget.c.user_id == bindparam("key"), token_budget.c.day == bindparam("on_day"))
    .values(
        reserved=func.greatest(token_budget.c.reserved - _TOKENS, 0),
        spent=token_budget.c.spent + bindparam("cost"),
    )
)


class SqlTokenBudgets:
    """Implements `domain.practice.ports.TokenBudgets`."""

    def __init__(self, connection: AsyncConnection, limit: int) -> None:
        self._connection = connection
        self.limit = limit

    async def reserve(self, user_id: UUID, day: date, tokens: int) -> bool:
        """Set tokens aside, unless that passes the limit."""
        if tokens > self.limit:
            return False
        values = {"key": user_id, "on_day": day, "tokens": tokens, "most": self.limit}
        return (await self._connection.execute(_RESERVE, values)).rowcount > 0

    async def settle(self, user_id: UUID, day: date, reserved: int, spent: int) -> None:
        """Count what was spent in place of what was set aside."""
        values = {"key": user_id, "on_day": day, "tokens": reserved, "cost": spent}
        await self._connection.execute(_SETTLE, values)
