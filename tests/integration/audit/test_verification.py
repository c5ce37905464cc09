"""What a verification looks at, beyond finding what was tampered with."""

import asyncio

import pytest
from integration.audit.history import MASTER, History, new_keys
from integration.audit.tampering import verify_on
from sqlalchemy import delete, text

import adapters.sql.verification as sql_verification
from adapters.security.checkpoint_signatures import CheckpointKeys
from adapters.security.signing_keys import SigningKeys
from adapters.sql.engine import Connections
from adapters.sql.tables.events import user_key
from adapters.sql.verification import SqlSnapshots
from domain.audit.verification import VerifyEvents
from domain.shared.clock import system_clock
from domain.shared.errors import InvalidRequest, Unavailable
from workers.checkpointer import Checkpointer


async def test_an_empty_record_is_valid(history: History):
    result = await history.verify()
    assert (result.valid, result.streams, result.events, result.checkpoints) == (True, 0, 0, 0)
    assert result.first_bad is None


async def test_pages_of_any_size_come_to_the_same(history: History, monkeypatch: pytest.MonkeyPatch):
    await history.unfold()
    whole = await history.verify()
    for events, checkpoints in ((1, 1), (7, 2), (35, 4)):
        monkeypatch.setattr(sql_verification, "EVENTS_AT_ONCE", events)
        monkeypatch.setattr(sql_verification, "CHECKPOINTS_AT_ONCE", checkpoints)
        assert await history.verify() == whole
    assert whole.valid


async def test_one_stream_is_verified_with_the_checkpoints_in_which_it_is(history: History, record: Connections):
    await history.unfold()
    conversations = text(
        "SELECT heads.key FROM checkpoint, jsonb_each(heads) heads WHERE key LIKE 'conv%' ORDER BY number"
    )
    async with record.reading() as connection:
        stream, other = list((await connection.execute(conversations)).scalars())[:2]
    result = await history.verify(stream)
    assert (result.valid, result.streams, result.events, result.checkpoints) == (True, 1, 3, 1)
    async with record.transaction() as connection:
        await connection.execute(text("SET session_replication_role = replica"))
        for table in ("event_store", "stream_head"):
            await connection.execute(text(f"DELETE FROM {table} WHERE stream_id = :stream"), {"stream": stream})
        await connection.commit()
    gone = await history.verify(stream)
    assert gone.first_bad is not None
    assert (gone.first_bad.stream_id, gone.first_bad.version) == (stream, 1)
    assert (await history.verify(other)).valid, "what is wrong elsewhere is not asked for"
    assert not (await history.verify()).valid


async def test_a_head_without_events_is_found_in_one_stream(history: History, record: Connections):
    user = await history.user()
    async with record.transaction() as connection:
        await connection.execute(text("SET session_replication_role = replica"))
        await connection.execute(text("DELETE FROM event_store"))
        await connection.commit()
    for asked in (f"user-{user}", None):
        result = await history.verify(asked)
        assert result.first_bad is not None
        assert (result.first_bad.stream_id, result.first_bad.version) == (f"user-{user}", 1)
        assert "a head and no event" in result.first_bad.fault


@pytest.mark.parametrize("stream", ["a\0b", "x" * 1_000, "\n"])
async def test_a_stream_that_cannot_be_is_refused(history: History, stream: str):
    with pytest.raises(InvalidRequest) as refused:
        await history.verify(stream)
    assert [violation.field for violation in refused.value.violations] == ["stream_id"]


async def test_after_a_rotation_both_keys_are_needed(history: History, record: Connections):
    await history.user()
    await history.checkpoint()
    fresh = new_keys()
    rotated = SigningKeys({**fresh.by_id, **history.keys.by_id}, fresh.refresh_secret)
    await history.user()
    await Checkpointer(record, rotated, system_clock).checkpoint()
    snapshots = SqlSnapshots(record)
    assert (await VerifyEvents(snapshots, CheckpointKeys.of(rotated.public()))()).valid
    bad = (await VerifyEvents(snapshots, CheckpointKeys.of(fresh.public()))()).first_bad
    assert bad is not None
    assert (bad.stream_id, bad.version) == ("checkpoint", 1)
    assert bad.fault == f"was signed with a key that is not known here: {history.keys.signing_id}"


async def test_an_erased_persons_events_still_verify(history: History, record: Connections):
    user = await history.user()
    await history.conversation(user, turns=2)
    await history.checkpoint()
    async with record.transaction() as connection:
        await connection.execute(delete(user_key).where(user_key.c.user_id == user))
        await connection.commit()
    assert MASTER.by_id
    assert (await history.verify()).valid


async def test_events_that_come_meanwhile_are_not_a_fault(history: History):
    users = [await history.user() for _ in range(4)]
    stopped = asyncio.Event()

    async def talk(number: int) -> None:
        while not stopped.is_set():
            await history.conversation(users[number], turns=2)

    async def cover() -> None:
        checkpointer = Checkpointer(history.connections, history.keys, system_clock)
        while not stopped.is_set():
            await checkpointer.checkpoint()

    others = [asyncio.create_task(talk(number)) for number in range(3)] + [asyncio.create_task(cover())]
    results = [await history.verify() for _ in range(20)]
    stopped.set()
    await asyncio.gather(*others)
    assert all(result.valid for result in results), [result.first_bad for result in results if not result.valid]
    assert results[-1].events > results[0].events


async def test_a_forged_append_after_the_last_checkpoint_is_found_by_the_next_one_alone(history: History):
    """The limit that the page states: what no checkpoint has seen can be made anew without a trace."""
    user = await history.user()
    await history.checkpoint()
    await history.conversation(user, turns=1)
    async with history.connections.transaction() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text("DELETE FROM event_store WHERE stream_id LIKE 'conversation-%'"))
        await connection.execute(text("DELETE FROM stream_head WHERE stream_id LIKE 'conversation-%'"))
        assert (await verify_on(connection, history)).valid
    await history.checkpoint()
    async with history.connections.transaction() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text("DELETE FROM event_store WHERE stream_id LIKE 'conversation-%'"))
        await connection.execute(text("DELETE FROM stream_head WHERE stream_id LIKE 'conversation-%'"))
        assert not (await verify_on(connection, history)).valid


async def test_a_database_that_is_away_is_unavailable(tmp_path):
    from adapters.sql.engine import create_engine

    nowhere = Connections(create_engine(f"postgresql+asyncpg://postgres@/fluentpro?host={tmp_path}", pool_size=1))
    with pytest.raises(Unavailable):
        await VerifyEvents(SqlSnapshots(nowhere), CheckpointKeys({}))()
