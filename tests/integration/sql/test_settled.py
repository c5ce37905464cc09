"""A reader that goes by positions and ends where the store is settled misses nothing."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from fakes.master_keys import MASTER_KEYS
from sqlalchemy import select, text

from adapters.sql.engine import Connections
from adapters.sql.event_store import EventAppender
from adapters.sql.personal_fields import Sealer
from adapters.sql.settled import HOLD_POSITION, settled_position
from adapters.sql.tables.events import event_store
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.shared.clock import system_clock
from domain.shared.events import Event
from domain.shared.origin import UNKNOWN

Work = Callable[[], SqlUnitOfWork]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    type: ClassVar[str] = "test.counted"
    aggregate: ClassVar[str] = "counter"
    counter_id: UUID
    number: int


class OpenTransaction:
    """One that has appended and not ended."""

    def __init__(self, connections: Connections, stack: AsyncExitStack) -> None:
        self._connections = connections
        self._stack = stack

    async def append(self, stream: UUID, events: int = 1) -> None:
        self.connection = await self._stack.enter_async_context(self._connections.transaction())
        appender = EventAppender(self.connection, Sealer(self.connection, MASTER_KEYS))
        recorded = [Counted(counter_id=stream, number=number) for number in range(events)]
        await appender.append(recorded, {}, UNKNOWN, system_clock())


@pytest.fixture
async def begun(connections: Connections):
    """Begin a transaction that appends to a stream."""
    async with AsyncExitStack() as stack:

        async def begin(stream: UUID, events: int = 1):
            transaction = OpenTransaction(connections, stack)
            await transaction.append(stream, events)
            return transaction.connection

        yield begin


async def settled(connections: Connections) -> int:
    async with connections.reading() as connection:
        return await settled_position(connection)


async def positions(connections: Connections, stream: UUID) -> list[int]:
    query = select(event_store.c.position).where(event_store.c.stream_id == f"counter-{stream}").order_by("version")
    async with connections.reading() as connection:
        return list((await connection.execute(query)).scalars())


async def test_what_committed_later_is_not_passed(connections: Connections, begun):
    one, other = uuid4(), uuid4()
    early = await begun(one)
    late = await begun(other)
    await late.commit()
    (seen,) = await positions(connections, other)
    assert await settled(connections) < seen, "the earlier one can still appear below it"
    await early.commit()
    (first,) = await positions(connections, one)
    assert first < seen <= await settled(connections)


async def test_what_was_undone_holds_nobody_up(connections: Connections, begun):
    early = await begun(uuid4(), events=3)
    stream = uuid4()
    late = await begun(stream)
    await late.commit()
    await early.rollback()
    assert await settled(connections) >= (await positions(connections, stream))[0]


async def test_a_connection_that_dies_holds_nobody_up(connections: Connections, begun):
    early = await begun(uuid4())
    pid = (await early.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    stream = uuid4()
    await (await begun(stream)).commit()
    async with connections.reading() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    assert await settled(connections) >= (await positions(connections, stream))[0]
    await early.invalidate()


async def test_a_transaction_that_has_the_place_and_draws_late_is_waited_for(connections: Connections):
    """Others draw and commit after it took its place and before it draws."""
    stream = uuid4()
    async with connections.transaction() as slow:
        await slow.execute(text(HOLD_POSITION))
        async with SqlUnitOfWork(connections, system_clock, MASTER_KEYS) as work:
            work.record(Counted(counter_id=stream, number=1))
            await work.commit()
        (passed_by,) = await positions(connections, stream)
        assert await settled(connections) < passed_by
        assert (await slow.execute(text("SELECT nextval('event_store_position_seq')"))).scalar_one() > passed_by
    assert await settled(connections) >= passed_by


async def test_positions_rise_with_the_versions_of_a_stream(connections: Connections, sql_work: Work):
    stream = uuid4()

    async def append(number: int) -> None:
        async with sql_work() as work:
            work.record(*(Counted(counter_id=stream, number=number) for _ in range(3)))
            await work.commit()

    await asyncio.gather(*(append(number) for number in range(10)))
    found = await positions(connections, stream)
    assert len(found) == 30
    assert found == sorted(found)


async def test_a_reader_beside_eight_writers_sees_every_event_once_and_in_order(connections: Connections):
    writers, each = 8, 40
    shared = [uuid4() for _ in range(4)]
    passed = await settled(connections)

    async def write(seed: int) -> None:
        rng = random.Random(seed)
        for number in range(each):
            async with SqlUnitOfWork(connections, system_clock, MASTER_KEYS) as work:
                streams = rng.sample(shared, rng.randint(1, 3))
                work.record(*(Counted(counter_id=stream, number=number) for stream in streams))
                if rng.random() < 0.2:
                    continue  # undone
                await work.commit()

    async def read(done: asyncio.Event) -> list[tuple[int, str, int]]:
        seen: list[tuple[int, str, int]] = []
        nonlocal passed
        while True:
            last = done.is_set()
            upto = await settled(connections)
            async with connections.reading() as connection:
                query = (
                    select(event_store.c.position, event_store.c.stream_id, event_store.c.version)
                    .where(event_store.c.position > passed, event_store.c.position <= upto)
                    .order_by(event_store.c.position)
                )
                seen += [(row.position, row.stream_id, row.version) for row in await connection.execute(query)]
            passed = max(passed, upto)
            if last:
                return seen

    start, done = passed, asyncio.Event()
    reader = asyncio.create_task(read(done))
    await asyncio.gather(*(write(seed) for seed in range(writers)))
    done.set()
    seen = await reader
    async with connections.reading() as connection:
        query = select(event_store.c.position).where(event_store.c.position > start).order_by(event_store.c.position)
        there = list((await connection.execute(query)).scalars())
    assert [position for position, _, _ in seen] == there
    for stream in shared:
        versions = [version for _, stream_id, version in seen if stream_id == f"counter-{stream}"]
        assert versions == list(range(1, len(versions) + 1))
