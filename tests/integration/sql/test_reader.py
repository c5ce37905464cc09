"""Single reads over asyncpg: what a repository may expect of them, and of a database that is away."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from fakes.accounts import add_account
from sqlalchemy import bindparam, make_url, select, text

from adapters.sql import reader as reader_module
from adapters.sql.engine import Connections
from adapters.sql.reader import Reader
from adapters.sql.tables.identity import account
from domain.shared.errors import Unavailable

_GET = select(account.c.id, account.c.version).where(account.c.id == bindparam("key"), account.c.version == 1).limit(5)
_SLEEP = select(text("pg_sleep(30)"))
_BACKENDS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT account.id%'"
)


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[Reader]:
    reader = Reader(make_url(database_url), pool_size=1)
    yield reader
    await reader.close()


async def test_rows_are_mappings_and_the_statements_own_values_count(reader: Reader, connections: Connections) -> None:
    key = await add_account(connections)
    rows = await reader.execute(_GET, {"key": key})
    assert [dict(row) for row in rows] == [{"id": key, "version": 1}]
    assert dict(rows.mappings().all()[0]) == dict(rows.first() or {}) == dict(rows.one_or_none() or {})


async def test_no_row_is_none(reader: Reader) -> None:
    assert (await reader.execute(_GET, {"key": uuid4()})).mappings().first() is None


async def test_who_finds_no_free_connection_in_time_is_told_unavailable(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "POOL_SECONDS", 0.05)
    await reader.execute(_GET, {"key": uuid4()})
    busy = asyncio.create_task(reader.execute(_SLEEP))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await reader.execute(_GET, {"key": uuid4()})
    busy.cancel()
    with pytest.raises(asyncio.CancelledError):
        await busy


async def test_a_connection_that_was_cut_is_replaced(reader: Reader, connections: Connections) -> None:
    key = await add_account(connections)
    await reader.execute(_GET, {"key": key})
    async with connections.reading() as connection:
        for pid in (await connection.execute(_BACKENDS)).scalars():
            await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    async with asyncio.timeout(10):
        while True:
            try:
                rows = await reader.execute(_GET, {"key": key})
            except Unavailable:
                continue
            break
    assert rows.first() is not None


async def test_a_database_that_is_not_there_is_unavailable(tmp_path) -> None:
    nowhere = Reader(make_url(f"postgresql+asyncpg://postgres@/fluentpro?host={tmp_path}"), pool_size=1)
    with pytest.raises(Unavailable):
        await nowhere.execute(_GET, {"key": uuid4()})


async def test_a_value_that_does_not_fit_is_a_fault_of_ours_and_is_not_repeated(reader: Reader) -> None:
    with pytest.raises(ValueError, match="a value does not fit") as caught:
        await reader.execute(_GET, {"key": "somebody's words"})
    assert "somebody" not in str(caught.value)
