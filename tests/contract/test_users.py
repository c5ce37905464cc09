"""What every keeper of accounts does."""

import secrets
from datetime import date, timedelta
from uuid import uuid4

import pytest
from fakes.identity import NOON, FakeIdentityStore, a_user

from domain.identity.model import Erased, Session


@pytest.fixture(params=["fake", "sql"])
def store(request):
    """A pair: how to write, how to read."""
    if request.param == "fake":
        store = FakeIdentityStore()
        return store.work, store.reads
    return request.getfixturevalue("sql_work"), request.getfixturevalue("sql_reads")


@pytest.fixture
async def kept(store):
    """A user who is kept already."""
    user = a_user(full_name="陳大文", date_of_birth=date(1990, 12, 31))
    assert await added(store, user)
    return user


async def added(store, user) -> bool:
    async with store[0]() as work:
        was_added = await work.users.add(user)
        await work.commit()
    return was_added


async def read(store, user_id):
    async with store[1]() as repositories:
        return await repositories.users.get(user_id)


async def test_a_user_comes_back_as_it_was_added(store, kept):
    assert await read(store, kept.id) == kept
    async with store[1]() as repositories:
        assert await repositories.users.get_by_email(kept.email_key) == kept


async def test_who_was_never_added_is_not_there(store):
    assert await read(store, uuid4()) is None
    async with store[1]() as repositories:
        assert await repositories.users.get_by_email("") is None
    async with store[0]() as work:
        assert await work.users.get_for_update(uuid4()) is None


async def test_a_taken_address_is_not_added_again(store, kept):
    other = a_user(email="other spelling", email_key=kept.email_key)
    assert not await added(store, other)
    assert await read(store, other.id) is None


async def test_without_a_commit_nothing_is_kept(store):
    user = a_user()
    async with store[0]() as work:
        assert await work.users.add(user)
    assert await read(store, user.id) is None


async def test_save_writes_the_profile(store, kept):
    changes = {"full_name": "Bo", "date_of_birth": None, "version": 2, "updated_at": NOON + timedelta(days=1)}
    async with store[0]() as work:
        user = await work.users.get_for_update(kept.id)
        await work.users.save(a_user(**{**as_dict(user), **changes}))
        await work.commit()
    assert await read(store, kept.id) == a_user(**{**as_dict(kept), **changes})


async def test_a_password_hash_is_replaced_only_where_it_is_the_old_one(store, kept):
    for old, new in (("hash", "new hash"), ("hash", "newest hash")):
        async with store[0]() as work:
            await work.users.replace_password_hash(kept.id, old, new)
            await work.commit()
    assert await read(store, kept.id) == a_user(**{**as_dict(kept), "password_hash": "new hash"})


@pytest.mark.parametrize("give", ["get_for_session", "get_exclusively"])
async def test_each_way_to_hold_a_user_gives_them_as_they_are(store, kept, give):
    async with store[0]() as work:
        assert await getattr(work.users, give)(kept.id) == kept
        assert await getattr(work.users, give)(uuid4()) is None


async def test_roles_are_written_and_nothing_else(store, kept):
    async with store[0]() as work:
        user = await work.users.get_exclusively(kept.id)
        await work.users.save_roles(a_user(**{**as_dict(user), "roles": ("admin",), "full_name": "Bo"}))
        await work.commit()
    assert await read(store, kept.id) == a_user(**{**as_dict(kept), "roles": ("admin",)})


async def test_an_erased_user_is_gone_with_their_sessions(store, kept):
    session, token_hash = Session.opened(uuid4(), kept.id, "phone", NOON), secrets.token_bytes(32)
    async with store[0]() as work:
        await work.sessions.add(session, token_hash)
        await work.commit()
    async with store[0]() as work:
        assert await work.erasures.is_back(kept.id)
        assert await work.erasures.erase(kept.id, NOON) == Erased(sessions=(session.id,))
        await work.commit()
    assert await read(store, kept.id) is None
    async with store[0]() as work:
        assert await work.sessions.get(session.id) is None
        assert await work.sessions.find_for_update(token_hash) is None
        assert not await work.erasures.is_back(kept.id)
    assert await added(store, a_user(email_key=kept.email_key)), "the address is free"


async def test_whoever_is_not_there_can_be_erased_as_often_as_one_likes(store):
    somebody = uuid4()
    for _ in range(2):
        async with store[0]() as work:
            assert await work.erasures.erase(somebody, NOON) == Erased()
            await work.commit()


def as_dict(user):
    return {name: getattr(user, name) for name in user.__slots__}
