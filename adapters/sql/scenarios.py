"""Scenarios in Postgres."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    RowMapping,
    Text,
    Uuid,
    bindparam,
    case,
    extract,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.seed.documents import scenario_from
from adapters.sql.tables.scenarios import scenario
from domain.practice.scenario import Scenario
from domain.shared.pages import Page, PageRequest

_SHARED = 512
"""Scenarios of which all replies of the process hold one: more than ship."""


def _order(table: FromClause) -> tuple[ColumnElement[Any], ...]:
    # A learner without answers passes NULL, which equals nothing: then all is in the catalogue's order.
    rank = case(
        (table.c.owner_id.is_not(None), -1),
        (table.c.role_id == bindparam("role_id", type_=Text), 0),
        (table.c.industry_id == bindparam("industry_id", type_=Text), 1),
        else_=2,
    )
    # A learner's own, the newest first; those of one job were made in one transaction, and have positions.
    age = case((table.c.owner_id.is_not(None), -extract("epoch", table.c.created_at)), else_=0)
    return rank, age, table.c.position, table.c.id


_VISIBLE = or_(scenario.c.owner_id.is_(None), scenario.c.owner_id == bindparam("user_id", type_=Uuid))
_GET = select(scenario).where(scenario.c.id == bindparam("id"), _VISIBLE)

_last_seen = scenario.alias()
_BEGINNING = select(scenario).where(_VISIBLE).order_by(*_order(scenario)).limit(bindparam("limit"))
_AFTER = _BEGINNING.where(
    tuple_(*_order(scenario))
    > select(*_order(_last_seen)).where(_last_seen.c.id == bindparam("after")).scalar_subquery()
)


class SqlScenarios:
    """Implements `domain.practice.scenarios.Scenarios`. A page begins after the scenario whose id is its position."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, scenario_id: str, user_id: UUID) -> Scenario | None:
        """Return one scenario that the learner may see."""
        rows = await self._connection.execute(_GET, {"id": scenario_id, "user_id": user_id})
        row = rows.mappings().one_or_none()
        if row is None:
            return None
        found = scenario_of(row)
        return _shared(found) if found.owner_id is None else found

    async def page(
        self, user_id: UUID, role_id: str | None, industry_id: str | None, request: PageRequest
    ) -> Page[Scenario]:
        """Return a page: the learner's own, then the nearest to their work."""
        if request.after is not None and "\0" in request.after:
            return Page(())  # a forged token: no scenario has such an id, and Postgres takes no such text
        learner = {"user_id": user_id, "role_id": role_id, "industry_id": industry_id}
        # One more than asked for tells whether there is another page.
        place = {"after": request.after, "limit": request.size + 1}
        statement = _BEGINNING if request.after is None else _AFTER
        rows = (await self._connection.execute(statement, learner | place)).mappings().all()
        page = tuple(scenario_of(row) for row in rows[: request.size])
        return Page(page, page[-1].id if len(rows) > request.size else None)


def scenario_of(row: RowMapping | dict[str, Any]) -> Scenario:
    """Return the scenario of a row."""
    return scenario_from({**row, **row["content"]})


@lru_cache(maxsize=_SHARED)
def _shared(shipped: Scenario) -> Scenario:
    """Return the first of all scenarios that were equal: a reply holds its own until it ends, 13 KB each."""
    return shipped
