"""What every keeper of sessions does."""

import secrets
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from fakes.identity import NOON, FakeIdentityStore, a_user

from domain.identity.model import PresentedToken, Session

LATER = NOON + timedelta(minutes=10)


@pytest.fixture(params=["fake", "sql"])
def store(request):
    """A pair: how to write, how to read."""
    if request.param == "fake":
        store = FakeIdentityStore()
        return store.work, store.reads
    return request.getfixturevalue("sql_work"), request.getfixturevalue("sql_reads")


@pytest.fixture
def first_hash() -> bytes:
    return secrets.token_bytes(32)


@pytest.fixture
async def kept(store, first_hash):
    """A session that is kept already, with its first token."""
    user = a_user()
    session = Session.opened(uuid4(), user.id, "phone", NOON)
    async with store[0]() as work:
        await work.users.add(user)
        await work.sessions.add(session, first_hash)
        await work.commit()
    return session


async def found(store, token_hash):
    async with store[0]() as work:
        return await work.sessions.find_for_update(token_hash)


async def test_a_session_comes_back_as_it_was_added(store, kept, first_hash):
    async with store[1]() as repositories:
        assert await repositories.sessions.get(kept.id) == kept
    assert await found(store, first_hash) == PresentedToken(kept, 0)


async def test_what_was_never_added_is_not_there(store):
    async with store[1]() as repositories:
        assert await repositories.sessions.get(uuid4()) is None
    assert await found(store, secrets.token_bytes(32)) is None


async def test_a_rotated_session_is_found_by_each_of_its_tokens(store, kept, first_hash):
    rotated, second_hash = kept.rotated(LATER), secrets.token_bytes(32)
    async with store[0]() as work:
        await work.sessions.rotate(rotated, second_hash)
        await work.commit()
    assert await found(store, first_hash) == PresentedToken(rotated, 0)
    assert await found(store, second_hash) == PresentedToken(rotated, 1)


async def test_a_revoked_session_says_when(store, kept, first_hash):
    async with store[0]() as work:
        await work.sessions.revoke(kept.revoked(LATER))
        await work.commit()
    presented = await found(store, first_hash)
    assert presented.session == kept.revoked(LATER)


async def test_the_sessions_of_a_user_that_were_not_revoked(store, kept):
    revoked, other = (Session.opened(uuid4(), kept.user_id, device, NOON) for device in ("old", "laptop"))
    stranger = a_user()
    anothers = Session.opened(uuid4(), stranger.id, "phone", NOON)
    async with store[0]() as work:
        await work.users.add(stranger)
        for session in (revoked, other, anothers):
            await work.sessions.add(session, secrets.token_bytes(32))
        await work.sessions.revoke(revoked.revoked(LATER))
        await work.commit()
    async with store[0]() as work:
        found = await work.sessions.unrevoked_for_update(kept.user_id)
        assert sorted(found, key=lambda session: session.id) == sorted((kept, other), key=lambda session: session.id)
        assert not await work.sessions.unrevoked_for_update(uuid4())


async def test_without_a_commit_nothing_is_written(store, kept, first_hash):
    async with store[0]() as work:
        await work.sessions.revoke(kept.revoked(LATER))
    assert await found(store, first_hash) == PresentedToken(kept, 0)


async def add(store, *sessions):
    async with store[0]() as work:
        for session in sessions:
            await work.sessions.add(session, secrets.token_bytes(32))
        await work.commit()


async def test_open_sessions_come_the_last_used_first_and_at_most_so_many(store, kept):
    old, new = (Session.opened(uuid4(), kept.user_id, "laptop", NOON + timedelta(minutes=by)) for by in (-5, 5))
    await add(store, old, new)
    async with store[1]() as repositories:
        assert await repositories.sessions.open_of(kept.user_id, LATER, 10) == [new, kept, old]
        assert await repositories.sessions.open_of(kept.user_id, LATER, 2) == [new, kept]
        assert await repositories.sessions.open_of(uuid4(), LATER, 10) == []


async def test_a_session_that_has_ended_is_not_open(store, kept):
    revoked = Session.opened(uuid4(), kept.user_id, "old", NOON)
    await add(store, revoked)
    async with store[0]() as work:
        await work.sessions.revoke(revoked.revoked(LATER))
        await work.commit()
    used_lately = replace(kept, id=uuid4(), last_seen_at=kept.absolute_expiry - timedelta(days=1))
    await add(store, used_lately)
    day = timedelta(days=1)
    async with store[1]() as repositories:
        for moment in (LATER, NOON + 30 * day - day, NOON + 30 * day, kept.absolute_expiry - day, kept.absolute_expiry):
            found = await repositories.sessions.open_of(kept.user_id, moment, 10)
            assert {each.id for each in found} == {each.id for each in (kept, used_lately) if each.is_open(moment)}


async def test_of_some_sessions_the_open_ones_are_found(store, kept):
    revoked = Session.opened(uuid4(), kept.user_id, "old", NOON)
    await add(store, revoked)
    async with store[0]() as work:
        await work.sessions.revoke(revoked.revoked(LATER))
        await work.commit()
    asked = [kept.id, revoked.id, uuid4()]
    async with store[1]() as repositories:
        assert list(await repositories.sessions.open_among(asked, LATER)) == [kept.id]
        assert list(await repositories.sessions.open_among(asked, kept.absolute_expiry)) == []
        assert list(await repositories.sessions.open_among([], LATER)) == []


async def test_a_session_is_given_for_update_to_its_own_user_alone(store, kept):
    async with store[0]() as work:
        assert await work.sessions.get_for_update(kept.id, kept.user_id) == kept
        assert await work.sessions.get_for_update(kept.id, uuid4()) is None
        assert await work.sessions.get_for_update(uuid4(), kept.user_id) is None
