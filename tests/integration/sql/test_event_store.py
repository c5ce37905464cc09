"""State, event and outbox row are written together, each stream is a chain, and history cannot be rewritten."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from adapters.sql.engine import Connections
from adapters.sql.migrations import current_revision, migrate, newest_revision
from adapters.sql.tables.events import event_store, outbox, stream_head
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.audit.chain import event_hash
from domain.shared.events import Event
from domain.shared.origin import Origin, current_origin

Work = Callable[[], SqlUnitOfWork]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    type: ClassVar[str] = "test.counted"
    aggregate: ClassVar[str] = "counter"
    counter_id: UUID
    number: int


async def _rows(connections: Connections, counter: UUID) -> list[Any]:
    async with connections.reading() as connection:
        query = select(event_store).where(event_store.c.stream_id == f"counter-{counter}").order_by("version")
        return list(await connection.execute(query))


async def test_events_get_rising_versions_and_form_a_chain(sql_work: Work, connections: Connections) -> None:
    counter = uuid4()
    token = current_origin.set(Origin("request-1", "user:7"))
    for numbers in ((1, 2), (3,)):
        async with sql_work() as work:
            work.record(*(Counted(counter_id=counter, number=number) for number in numbers))
            await work.commit()
    current_origin.reset(token)
    rows = await _rows(connections, counter)
    assert [(row.version, row.data["number"]) for row in rows] == [(1, 1), (2, 2), (3, 3)]
    assert rows[0].meta == {"correlation_id": "request-1", "causation_id": None, "actor": "user:7"}
    previous = b""
    for row in rows:
        assert row.previous_hash == previous
        assert row.hash == (previous := event_hash(row._mapping, previous))


async def test_every_event_is_announced_and_the_head_moves(sql_work: Work, connections: Connections) -> None:
    counter = uuid4()
    async with sql_work() as work:
        work.record(Counted(counter_id=counter, number=1))
        await work.commit()
    (row,) = await _rows(connections, counter)
    async with connections.reading() as connection:
        announced = (await connection.execute(select(outbox).where(outbox.c.position == row.position))).one()
        head = (await connection.execute(select(stream_head).where(stream_head.c.stream_id == row.stream_id))).one()
    assert announced.published_at is None
    assert (head.version, head.hash) == (1, row.hash)


async def test_without_a_commit_nothing_is_written(sql_work: Work, connections: Connections) -> None:
    counter = uuid4()
    async with sql_work() as work:
        work.record(Counted(counter_id=counter, number=1))
    assert await _rows(connections, counter) == []


async def test_concurrent_appends_to_one_stream_all_arrive_in_one_chain(
    sql_work: Work, connections: Connections
) -> None:
    counter = uuid4()

    async def append(number: int) -> None:
        async with sql_work() as work:
            work.record(Counted(counter_id=counter, number=number))
            await work.commit()

    await asyncio.gather(*(append(number) for number in range(20)))
    rows = await _rows(connections, counter)
    assert [row.version for row in rows] == list(range(1, 21))
    assert sorted(row.data["number"] for row in rows) == list(range(20))
    assert all(row.previous_hash == before.hash for before, row in pairwise(rows))


@pytest.mark.parametrize(
    "statement", ["UPDATE event_store SET type = 'x'", "DELETE FROM event_store", "TRUNCATE event_store CASCADE"]
)
async def test_history_cannot_be_rewritten(connections: Connections, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with connections.transaction() as connection:
            await connection.execute(text(statement))


async def test_migrating_again_changes_nothing(connections: Connections) -> None:
    await migrate(connections.engine)
    assert await current_revision(connections.engine) == newest_revision()
