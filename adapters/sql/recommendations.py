"""Recommendations in Postgres."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Integer, RowMapping, Text, Uuid, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.scenarios import scenario_of
from adapters.sql.tables.identity import account
from adapters.sql.tables.scenarios import recommendation, scenario
from domain.identity.errors import UserNotFound
from domain.practice.recommendations import Recommendation

_USER = bindparam("user_id", type_=Uuid)
# Whoever replaces them at the same time waits, and whoever erases the account does.
_HOLD = select(account.c.id).where(account.c.id == _USER).with_for_update(key_share=True)
_FORGET = delete(recommendation).where(recommendation.c.user_id == _USER)
# One that has gone since it was chosen is left out.
_KEEP = text(
    """
    INSERT INTO recommendation (user_id, place, scenario_id)
    SELECT :user_id, row_number() OVER (ORDER BY given.place), given.id
    FROM unnest(:ids) WITH ORDINALITY AS given (id, place) JOIN scenario ON scenario.id = given.id
    """
).bindparams(_USER, bindparam("ids", type_=ARRAY(Text)))
_AFTER = (
    select(recommendation.c.place, *(column.label(f"s_{column.name}") for column in scenario.c))
    .join(scenario, scenario.c.id == recommendation.c.scenario_id)
    .where(recommendation.c.user_id == _USER, recommendation.c.place > bindparam("place", type_=Integer))
    .order_by(recommendation.c.place)
    .limit(bindparam("limit"))
)


class SqlRecommendations:
    """Implements `domain.practice.recommendations.Recommendations`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def replace(self, user_id: UUID, scenario_ids: Sequence[str]) -> None:
        """Recommend these in place of those before. Raises UserNotFound."""
        if (await self._connection.execute(_HOLD, {"user_id": user_id})).first() is None:
            raise UserNotFound(user_id)
        await self._connection.execute(_FORGET, {"user_id": user_id})
        await self._connection.execute(_KEEP, {"user_id": user_id, "ids": list(scenario_ids)})

    async def after(self, user_id: UUID, place: int, limit: int) -> Sequence[Recommendation]:
        """Return some recommendations, in order."""
        values = {"user_id": user_id, "place": place, "limit": limit}
        rows = (await self._connection.execute(_AFTER, values)).mappings()
        return [_recommendation(row) for row in rows]


def _recommendation(row: RowMapping) -> Recommendation:
    columns = {column.name: row[f"s_{column.name}"] for column in scenario.c}
    return Recommendation(row["place"], scenario_of(columns))
