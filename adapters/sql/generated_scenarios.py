"""Scenarios that were made for a learner, in Postgres."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.scenarios import scenario
from domain.identity.errors import UserNotFound
from domain.practice.scenario import Scenario

_ADD = insert(scenario)
_COLUMNS = frozenset(scenario.c.keys())


class SqlGeneratedScenarios:
    """Implements `domain.practice.generation.GeneratedScenarios`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, scenarios: Sequence[Scenario]) -> None:
        """Add scenarios of one owner. Raises UserNotFound."""
        rows = [_row(each, position) for position, each in enumerate(scenarios)]
        try:
            await self._connection.execute(_ADD, rows)
        except IntegrityError as error:
            # Of what they refer to, the account alone can go; a role of the learner's own goes with it.
            owner = scenarios[0].owner_id
            if owner is None:
                raise
            raise UserNotFound(owner) from error


def _row(made: Scenario, position: int) -> Mapping[str, Any]:
    document = asdict(made)
    columns = {name: value for name, value in document.items() if name in _COLUMNS}
    content = {name: value for name, value in document.items() if name not in _COLUMNS}
    return {**columns, "position": position, "content": content}
