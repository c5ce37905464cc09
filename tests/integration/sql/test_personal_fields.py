"""Personal values are sealed in the store, open with the person's key, and are gone with it; the chain stays true."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from fakes.master_keys import MASTER_KEYS
from sqlalchemy import delete, func, insert, select, text

from adapters.security.master_keys import MasterKeys
from adapters.sql.engine import Connections
from adapters.sql.event_store import EventAppender
from adapters.sql.personal_fields import Sealer, opened
from adapters.sql.tables.events import erased_user, event_store, user_key
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.audit.chain import event_hash
from domain.audit.model import StoredEvent
from domain.identity.events import UserDeleted, UserLoggedIn, UserRegistered
from domain.practice.chat import Author
from domain.practice.events import TurnAdded
from domain.shared.clock import system_clock
from domain.shared.errors import Unavailable
from domain.shared.events import Event
from domain.shared.origin import UNKNOWN

Work = Callable[[], SqlUnitOfWork]
NAME = "Åse Nordmann"


def registered(user_id: UUID, name: str | None = NAME) -> UserRegistered:
    return UserRegistered(user_id=user_id, email="ase@example.com", full_name=name)


async def record(sql_work: Work, *events: Event) -> None:
    async with sql_work() as work:
        work.record(*events)
        await work.commit()


async def stored(connections: Connections, user_id: UUID) -> list[StoredEvent]:
    query = select(event_store).where(event_store.c.stream_id == f"user-{user_id}").order_by("version")
    async with connections.reading() as connection:
        return [StoredEvent(**row) for row in (await connection.execute(query)).mappings()]


async def read(connections: Connections, user_id: UUID, master: MasterKeys = MASTER_KEYS) -> list[Any]:
    events = await stored(connections, user_id)
    async with connections.reading() as connection:
        return list(await opened(connection, master, events))


async def keys(connections: Connections, user_id: UUID) -> int:
    query = select(func.count()).select_from(user_key).where(user_key.c.user_id == user_id)
    async with connections.reading() as connection:
        return (await connection.execute(query)).scalar_one()


async def erase(connections: Connections, user_id: UUID) -> None:
    async with connections.transaction() as connection:
        await connection.execute(delete(user_key).where(user_key.c.user_id == user_id))
        await connection.execute(insert(erased_user).values(user_id=user_id, erased_at=system_clock()))
        await connection.commit()


async def test_no_personal_value_stands_in_the_table(sql_work: Work, connections: Connections):
    user = uuid4()
    await record(sql_work, registered(user))
    async with connections.reading() as connection:
        query = text("SELECT e::text FROM event_store e WHERE stream_id = :stream")
        row = (await connection.execute(query, {"stream": f"user-{user}"})).scalar_one()
    assert "Nordmann" not in row
    assert "example.com" not in row
    (event,) = await stored(connections, user)
    assert event.data["user_id"] == str(user)
    assert {name: list(event.data[name]) for name in ("email", "full_name")} == {"email": ["enc"], "full_name": ["enc"]}


async def test_the_persons_key_opens_them(sql_work: Work, connections: Connections):
    user = uuid4()
    await record(sql_work, registered(user), UserLoggedIn(user_id=user, session_id=user))
    first, second = await read(connections, user)
    assert first == {"user_id": str(user), "email": "ase@example.com", "full_name": NAME}
    assert second == {"user_id": str(user), "session_id": str(user)}
    assert await keys(connections, user) == 1


async def test_what_was_not_given_stays_none_and_needs_no_key(sql_work: Work, connections: Connections):
    user = uuid4()
    await record(sql_work, UserRegistered(user_id=user, email=None, full_name=None))
    assert await read(connections, user) == [{"user_id": str(user), "email": None, "full_name": None}]
    assert await keys(connections, user) == 0


async def test_without_the_key_they_are_none_and_the_chain_stays_true(sql_work: Work, connections: Connections):
    user, other = uuid4(), uuid4()
    await record(sql_work, registered(user))
    await record(sql_work, registered(user), registered(other))
    await erase(connections, user)
    assert [data["full_name"] for data in await read(connections, user)] == [None, None]
    assert [data["full_name"] for data in await read(connections, other)] == [NAME], "others keep theirs"
    events = await stored(connections, user)
    assert events[0].previous_hash == b""
    assert all(event.previous_hash == before.hash for before, event in pairwise(events))
    for event in events:
        row = {name: getattr(event, name) for name in StoredEvent.__slots__}
        assert event_hash(row, event.previous_hash) == event.hash


async def test_who_was_erased_gets_no_key_again(sql_work: Work, connections: Connections):
    user = uuid4()
    await record(sql_work, registered(user))
    await erase(connections, user)
    await record(sql_work, UserDeleted(user_id=user), registered(user))
    assert await keys(connections, user) == 0
    assert (await stored(connections, user))[-1].data["full_name"] is None


async def test_a_key_is_undone_with_its_transaction(sql_work: Work, connections: Connections):
    user = uuid4()
    async with connections.transaction() as connection:
        appender = EventAppender(connection, Sealer(connection, MASTER_KEYS))
        await appender.append([registered(user)], {}, UNKNOWN, system_clock())
        assert (await connection.execute(select(user_key).where(user_key.c.user_id == user))).first() is not None
    assert await keys(connections, user) == 0
    await record(sql_work, registered(user))
    assert (await read(connections, user))[0]["full_name"] == NAME


async def test_transactions_that_make_a_key_at_once_agree_on_one(sql_work: Work, connections: Connections):
    user = uuid4()
    # Each to a stream of its own: the appends do not wait for each other, only the keys can collide.
    await asyncio.gather(*(record(sql_work, _of_another_stream(user, number)) for number in range(6)))
    assert await keys(connections, user) == 1
    async with connections.reading() as connection:
        query = select(event_store).where(event_store.c.data["user_id"].astext == str(user))
        events = [StoredEvent(**row) for row in (await connection.execute(query)).mappings()]
        texts = [data["text"] for data in await opened(connection, MASTER_KEYS, events)]
    assert sorted(texts) == [f"turn {number}" for number in range(6)]


def _of_another_stream(user_id: UUID, number: int) -> Event:
    return TurnAdded(
        conversation_id=uuid4(),
        user_id=user_id,
        turn_id=uuid4(),
        position=1,
        author=Author.LEARNER,
        partial=False,
        words=2,
        text=f"turn {number}",
    )


async def test_a_master_key_that_is_missing_is_told_apart_from_an_erased_person(
    sql_work: Work, connections: Connections
):
    user = uuid4()
    await record(sql_work, registered(user))
    with pytest.raises(Unavailable):
        await read(connections, user, MasterKeys({"another": bytes(32)}))


async def test_a_value_moved_to_another_event_does_not_open(sql_work: Work, connections: Connections):
    user = uuid4()
    await record(sql_work, registered(user), registered(user, "Somebody Else"))
    one, other = await stored(connections, user)
    moved = StoredEvent(**{**{name: getattr(one, name) for name in StoredEvent.__slots__}, "data": other.data})
    async with connections.reading() as connection:
        (data,) = await opened(connection, MASTER_KEYS, [moved])
    assert (data["email"], data["full_name"]) == (None, None)
