"""Writes the content that ships with the product into the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Table, literal_column, text, tuple_
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.seed.files import CatalogData
from adapters.sql.engine import Connections
from adapters.sql.tables.catalog import communication_partner, industry, language, role, situation
from adapters.sql.tables.scenarios import scenario
from domain.practice.scenario import Scenario

# Any number, the same in every process and unlike the migrations': whoever holds this advisory lock writes.
_LOCK = text("SELECT pg_advisory_xact_lock(7831101)")

_SCENARIO_COLUMNS = frozenset(scenario.c.keys())

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SeedReport:
    """How many entries were new, how many had changed, and how many stood there already."""

    inserted: int
    updated: int
    unchanged: int


async def seed(connections: Connections, data: CatalogData) -> SeedReport:
    """Bring the database to what `data` says, all at once; doing it again changes nothing.

    An entry that is no longer in `data` stays, for learners may have chosen it. What learners made is not touched.
    """
    written: list[bool] = []
    async with connections.transaction() as connection:
        await connection.execute(_LOCK)
        for table, rows in _tables(data):
            written += await _write(connection, table, rows)
        await connection.commit()
    total = sum(len(rows) for _, rows in _tables(data))
    return SeedReport(inserted=sum(written), updated=len(written) - sum(written), unchanged=total - len(written))


def _tables(data: CatalogData) -> Iterable[tuple[Table, Rows]]:
    """Give the tables in an order in which every reference finds its target."""
    yield language, _in_order(asdict(entry) for entry in data.languages)
    yield industry, _in_order(asdict(entry) for entry in data.industries)
    yield communication_partner, _in_order(asdict(entry) for entry in data.partners)
    yield situation, _in_order(asdict(entry) for entry in data.situations)
    yield role, _in_order(asdict(entry) for entry in data.roles)
    yield scenario, _in_order(_scenario_row(entry) for entry in data.scenarios)


def _in_order(entries: Iterable[Mapping[str, Any]]) -> Rows:
    return [{**entry, "position": position} for position, entry in enumerate(entries)]


def _scenario_row(entry: Scenario) -> Mapping[str, Any]:
    document = asdict(entry)
    columns = {name: value for name, value in document.items() if name in _SCENARIO_COLUMNS}
    return {**columns, "content": {name: value for name, value in document.items() if name not in columns}}


async def _write(connection: AsyncConnection, table: Table, rows: Rows) -> list[bool]:
    """Insert or update each row, and tell for those that were written whether they are new."""
    if not rows:
        return []
    # Postgres leaves xmax at 0 in a row that an upsert inserted, and sets it in one that it locked to update.
    statement = _upsert(table, rows[0].keys()).returning(literal_column("xmax = 0", Boolean))
    return list((await connection.execute(statement, rows)).scalars())


def _upsert(table: Table, names: Iterable[str]) -> Insert:
    statement = insert(table)
    compared = [name for name in names if name not in {"id", "version"}]
    changes: dict[str, ColumnElement[Any]] = {name: statement.excluded[name] for name in compared}
    if "version" in table.c:
        changes["version"] = table.c.version + 1
    differs = tuple_(*(table.c[name] for name in compared)).is_distinct_from(
        tuple_(*(statement.excluded[name] for name in compared))
    )
    return statement.on_conflict_do_update(index_elements=["id"], set_=changes, where=differs)
