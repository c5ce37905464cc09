"""Checkpoints cover every settled event once, each following from the one before."""

import asyncio
import logging

import pytest
from integration.audit.history import MASTER, History
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

import adapters.sql.checkpoints as sql_checkpoints
from adapters.sql.engine import Connections
from adapters.sql.event_store import EventAppender
from adapters.sql.personal_fields import Sealer
from adapters.sql.tables.events import checkpoint
from domain.identity.events import UserRegistered
from domain.shared.clock import system_clock
from domain.shared.errors import Unavailable
from domain.shared.origin import UNKNOWN
from workers.checkpointer import CHECKPOINT_SECONDS, Checkpointer


@pytest.fixture
def checkpointer(history: History) -> Checkpointer:
    return Checkpointer(history.connections, history.keys, system_clock)


async def rows(record: Connections):
    async with record.reading() as connection:
        return (await connection.execute(select(checkpoint).order_by(checkpoint.c.number))).all()


async def test_without_new_events_there_is_no_checkpoint(checkpointer: Checkpointer, history: History, record):
    assert await checkpointer.checkpoint() is None
    await history.user()
    assert await checkpointer.checkpoint() is not None
    assert await checkpointer.checkpoint() is None
    assert len(await rows(record)) == 1


async def test_one_holds_the_heads_of_the_streams_that_moved(checkpointer: Checkpointer, history: History):
    user = await history.user()
    await history.conversation(user, turns=3)
    first = await checkpointer.checkpoint()
    other = await history.user()
    second = await checkpointer.checkpoint()
    assert first is not None
    assert second is not None
    assert (first.number, first.events, len(first.heads)) == (1, 5, 2)
    assert [head[0] for head in first.heads.values()] == [4, 1]
    assert first.position == max(head[1] for head in first.heads.values())
    assert (second.number, second.events, list(second.heads)) == (2, 1, [f"user-{other}"])
    assert second.previous_digest == first.digest
    result = await history.verify()
    assert (result.valid, result.streams, result.events, result.checkpoints) == (True, 3, 6, 2)


async def test_what_is_not_settled_waits_for_the_next(checkpointer: Checkpointer, history: History):
    async with history.connections.transaction() as connection:
        appender = EventAppender(connection, Sealer(connection, MASTER))
        early = UserRegistered(user_id=history.id(), email=None, full_name=None)
        await appender.append([early], {}, UNKNOWN, system_clock())
        await history.user()
        assert await checkpointer.checkpoint() is None
        await connection.commit()
    made = await checkpointer.checkpoint()
    assert made is not None
    assert made.events == 2
    assert (await history.verify()).valid


async def test_many_events_take_several(
    checkpointer: Checkpointer, history: History, record, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sql_checkpoints, "MOST_EVENTS", 4)
    user = await history.user()
    await history.conversation(user, turns=8)
    last = await checkpointer.checkpoint()
    assert last is not None
    assert last.number == 3
    assert [row.events for row in await rows(record)] == [4, 4, 2]
    assert (await history.verify()).valid


async def test_several_at_once_write_each_number_once(history: History, record):
    rivals = [Checkpointer(record, history.keys, system_clock) for _ in range(4)]
    for _ in range(5):
        await history.user()
        await asyncio.gather(*(rival.checkpoint() for rival in rivals))
    assert [row.number for row in await rows(record)] == [1, 2, 3, 4, 5]
    assert (await history.verify()).valid


async def test_appends_go_on_while_one_is_written(history: History):
    checkpointer = Checkpointer(history.connections, history.keys, system_clock)
    users = [await history.user() for _ in range(3)]

    async def talk() -> None:
        await asyncio.gather(*(history.conversation(user, turns=3) for user in users for _ in range(5)))

    async def cover() -> None:
        for _ in range(20):
            await checkpointer.checkpoint()

    await asyncio.gather(talk(), cover())
    await checkpointer.checkpoint()
    result = await history.verify()
    assert result.valid, result
    assert result.events == 3 + 15 * 4


async def test_a_copy_of_number_and_digest_goes_to_the_log(
    checkpointer: Checkpointer, history: History, caplog: pytest.LogCaptureFixture
):
    await history.user()
    with caplog.at_level(logging.INFO):
        made = await checkpointer.checkpoint()
    assert made is not None
    assert f"Checkpoint 1: 1 events, digest {made.digest.hex()}" in caplog.messages


@pytest.mark.parametrize(
    "statement", ["UPDATE checkpoint SET number = 7", "DELETE FROM checkpoint", "TRUNCATE checkpoint"]
)
async def test_a_checkpoint_cannot_be_changed(record: Connections, statement: str):
    with pytest.raises(DBAPIError, match="append-only"):
        async with record.transaction() as connection:
            await connection.execute(text(statement))


async def test_it_runs_every_minute_and_waits_for_a_database_that_is_away(history: History, record, monkeypatch):
    class Stopped(Exception):
        pass

    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            monkeypatch.undo()
            await history.user()
        if len(pauses) == 2:
            raise Stopped

    async def away(*_: object) -> None:
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(sql_checkpoints.SqlCheckpoints, "add", away)
    with pytest.raises(Stopped):
        await Checkpointer(record, history.keys, system_clock, pause).run()
    assert pauses == [CHECKPOINT_SECONDS, CHECKPOINT_SECONDS]
    assert len(await rows(record)) == 1
