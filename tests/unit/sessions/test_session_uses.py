"""What one process notes of the use of sessions, and whom it tells."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fakes.identity import SettableClock

from adapters.sessions import uses
from adapters.sessions.copies import CopiesUnavailable, Use
from adapters.sessions.uses import NOTED_EVERY, SessionUses
from domain.identity.model import Session
from domain.shared.errors import Unavailable


class FakeCopies:
    """Takes note; `due` tells whether the database is to be told, None that nobody answers."""

    def __init__(self) -> None:
        self.batches: list[list[Use]] = []
        self.due: bool | None = True

    async def touch(self, batch: Sequence[Use], _now: datetime) -> list[Use]:
        if self.due is None:
            raise CopiesUnavailable
        self.batches.append(list(batch))
        return list(batch) if self.due else []


class FakeDatabase:
    def __init__(self) -> None:
        self.saved: dict[UUID, datetime] = {}
        self.away = False

    async def save(self, used: Mapping[UUID, datetime]) -> None:
        if self.away:
            raise Unavailable("The database does not answer.")
        self.saved |= used


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def copies() -> FakeCopies:
    return FakeCopies()


@pytest.fixture
def database() -> FakeDatabase:
    return FakeDatabase()


@pytest.fixture
def noted(copies, database, clock) -> SessionUses:
    return SessionUses(copies, database.save, clock)


@pytest.fixture
def a_use(clock):
    """Make a session used now."""
    return lambda: Session.opened(uuid4(), uuid4(), "phone", clock())


async def test_the_database_is_told_of_what_is_due_alone(noted, copies, database, a_use) -> None:
    copies.due = False
    noted.note(a_use(), a_use().created_at)
    await noted.flush()
    assert database.saved == {}
    copies.due = True
    due = a_use()
    noted.note(due, due.created_at)
    await noted.flush()
    assert database.saved == {due.id: due.last_seen_at}


async def test_without_copies_the_database_is_told_of_everything(noted, copies, database, a_use) -> None:
    copies.due = None
    used = [a_use(), a_use()]
    for each in used:
        noted.note(each, each.created_at)
    await noted.flush()
    assert database.saved.keys() == {each.id for each in used}


async def test_without_a_database_the_next_use_is_told(noted, database, clock, a_use) -> None:
    database.away = True
    session = a_use()
    noted.note(session, session.created_at)
    await noted.flush()
    database.away = False
    clock.now += NOTED_EVERY
    noted.note(session.seen(clock.now), session.created_at)
    await noted.flush()
    assert database.saved == {session.id: clock.now}


async def test_a_session_in_constant_use_is_noted_now_and_then(noted, copies, clock, a_use) -> None:
    session, opened = a_use(), clock.now
    for _ in range(100):
        noted.note(session.seen(clock.now), session.created_at)
        await noted.flush()
        clock.advance(seconds=1)
    moments = [use.session.last_seen_at - opened for batch in copies.batches for use in batch]
    assert moments == [number * NOTED_EVERY for number in range(4)]


async def test_memory_is_bounded_however_many_are_used(noted, copies, clock, a_use, monkeypatch) -> None:
    monkeypatch.setattr(uses, "MOST_WAITING", 450)
    for _ in range(500):
        session = a_use()
        noted.note(session, session.created_at)
    await noted.flush()
    assert [len(batch) for batch in copies.batches] == [200, 200, 50]
    clock.now += NOTED_EVERY + timedelta(seconds=1)
    await noted.flush()
    assert not noted._noted
