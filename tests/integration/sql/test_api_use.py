"""The table of calls of deprecated versions, and who writes it."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from adapters.sql.api_use import KEPT_DAYS, ApiUseTable, ApiUseWriter
from adapters.sql.engine import Connections
from adapters.sql.tables.api_use import api_use
from adapters.telemetry.api_use import ApiUse, Use
from domain.shared.errors import Unavailable

TODAY = date(2026, 11, 30)
METHOD = "/shop.v1.Shop/Buy"


@pytest.fixture
def version() -> str:
    """A version of this test's own."""
    return f"shop.{uuid4().hex}"


@pytest.fixture
def table(connections: Connections) -> ApiUseTable:
    return ApiUseTable(connections)


@pytest.fixture
def use() -> ApiUse:
    return ApiUse(lambda: datetime(2026, 11, 30, tzinfo=UTC))


async def calls(table: ApiUseTable, version: str, first: date = TODAY) -> list[tuple[str, int]]:
    return [(client, count) for found, _, client, count in await table.since(first) if found == version]


async def test_counts_of_a_day_add_up_and_the_most_used_comes_first(table, version) -> None:
    await table.add({Use(TODAY, version, METHOD, "a"): 2, Use(TODAY, version, METHOD, "b"): 3})
    await table.add({Use(TODAY, version, METHOD, "a"): 5})
    assert await calls(table, version) == [("a", 7), ("b", 3)]


async def test_days_before_the_first_do_not_count(table, version) -> None:
    days = [TODAY - timedelta(days=back) for back in (0, 6, 7)]
    await table.add({Use(day, version, METHOD, "a"): 1 for day in days})
    assert await calls(table, version, TODAY - timedelta(days=6)) == [("a", 2)]


async def test_what_is_too_old_is_forgotten(table, version, connections) -> None:
    old = TODAY - timedelta(days=KEPT_DAYS + 1)
    await table.add({Use(old, version, METHOD, "a"): 1})
    await table.add({Use(TODAY, version, METHOD, "a"): 1})
    async with connections.reading() as connection:
        found = await connection.execute(select(api_use.c.day).where(api_use.c.version == version))
        assert found.scalars().all() == [TODAY]


async def test_processes_that_write_the_same_at_once_lose_nothing(table, version) -> None:
    counts = {Use(TODAY, version, METHOD, client): 1 for client in "abcdef"}
    backwards = dict(reversed(counts.items()))
    await asyncio.gather(*(table.add(each) for each in (counts, backwards) * 4))
    assert await calls(table, version) == [(client, 8) for client in "abcdef"]


async def test_a_writer_writes_now_and_then_and_at_the_end(table, version, use) -> None:
    writer = ApiUseWriter(use, table, seconds=0.001)
    use.count(version, METHOD, "a")
    writer.start()
    async with asyncio.timeout(10):
        while await calls(table, version) != [("a", 1)]:  # noqa: ASYNC110 - only a look at the table can tell
            await asyncio.sleep(0.005)
    await writer.stop()
    late = ApiUseWriter(use, table)
    late.start()
    use.count(version, METHOD, "a")
    await late.stop()
    assert await calls(table, version) == [("a", 2)]


class Failing:
    """A table that fails as often as it has errors."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.written: list[dict[Use, int]] = []

    async def add(self, counts) -> None:
        if self.errors:
            raise self.errors.pop()
        self.written.append(dict(counts))


async def test_what_could_not_be_written_is_written_later(use, caplog) -> None:
    table = Failing(Unavailable("The database does not answer."), ValueError("a fault of ours"))
    writer = ApiUseWriter(use, table, seconds=0.001)
    use.count("shop.v1", METHOD, "a")
    writer.start()
    async with asyncio.timeout(10):
        while not table.written:  # noqa: ASYNC110 - the writer tells nobody
            await asyncio.sleep(0.001)
    await writer.stop()
    assert table.written == [{Use(TODAY, "shop.v1", METHOD, "a"): 1}]
    assert "has to wait: The database does not answer." in caplog.text
    assert "could not be written" in caplog.text
