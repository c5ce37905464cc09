"""Erasing a person."""

from uuid import uuid4

import pytest

from domain.identity.errors import InvalidCredentials, RefreshTokenInvalid, TokenInvalid
from domain.identity.events import UserDeleted
from domain.shared.errors import EtagMismatch


@pytest.fixture
async def somebody(area):
    """A user who is signed in on two devices, with a key and a reply under way."""
    user, tokens = await area.sign_up()
    _, other = await area.enter()
    area.reply = uuid4()
    area.store.state.replies[area.reply] = user.id
    area.store.state.keys.add(user.id)
    area.store.events.clear()
    return user, tokens, other


async def test_nothing_of_an_erased_user_is_left_but_that_they_were_erased(area, somebody):
    user, *_ = somebody
    area.clock.advance(days=1)
    await area.erase(user.id)
    state = area.store.state
    assert (state.users, state.sessions, state.tokens, state.replies, state.keys) == ({}, {}, {}, {}, set())
    assert state.erased == {user.id: area.clock.now}
    assert area.store.events == [UserDeleted(user_id=user.id)]


async def test_an_erased_users_tokens_open_nothing_and_are_forgotten(area, somebody):
    user, tokens, other = somebody
    sessions = set(area.store.state.sessions)
    await area.erase(user.id)
    assert set(area.live.ends) == sessions
    assert len(sessions) == 2
    for each in (tokens, other):
        with pytest.raises(TokenInvalid):
            await area.verify(each.access_token)
        with pytest.raises(RefreshTokenInvalid):
            await area.refresh_tokens(each.refresh_token)
    with pytest.raises(InvalidCredentials):
        await area.enter()


async def test_the_producers_of_replies_under_way_are_told(area, somebody):
    await area.erase(somebody[0].id)
    assert area.bell.rung == [area.reply]


async def test_whoever_is_erased_already_has_no_valid_token(area, somebody):
    user, *_ = somebody
    await area.erase(user.id)
    with pytest.raises(TokenInvalid):
        await area.erase(user.id)
    assert len(area.store.events) == 1


async def test_another_state_of_the_account_than_the_callers_is_not_erased(area, somebody):
    user, *_ = somebody
    with pytest.raises(EtagMismatch) as refused:
        await area.erase(user.id, "7")
    assert refused.value.metadata == {"etag": user.etag}
    assert area.store.events == []
    assert area.live.ends == []
    await area.erase(user.id, user.etag)
    assert area.store.state.users == {}


async def test_an_erased_address_can_sign_up_again_as_somebody_else(area, somebody):
    user, *_ = somebody
    await area.erase(user.id)
    again, _ = await area.sign_up()
    assert again.email == user.email
    assert again.id != user.id


async def test_whoever_was_erased_while_their_password_was_checked_is_not_let_in(area, somebody):
    user, *_ = somebody
    password_is_right = area.hasher.verify

    async def slow_check(password, password_hash):
        await area.erase(user.id)
        return await password_is_right(password, password_hash)

    area.hasher.verify = slow_check
    with pytest.raises(InvalidCredentials):
        await area.enter()
    assert area.store.state.sessions == {}


@pytest.mark.parametrize("back", ["account", "key", "both"])
async def test_whoever_came_back_with_a_backup_is_erased_again(area, somebody, back):
    user, *_ = somebody
    backup = area.store.state.copy()
    await area.erase(user.id)
    if back != "key":
        area.store.state.users, area.store.state.sessions = backup.users, backup.sessions
    if back != "account":
        area.store.state.keys = backup.keys
    area.store.events.clear()

    assert await area.erase_again(user.id)
    assert (area.store.state.users, area.store.state.sessions, area.store.state.keys) == ({}, {}, set())
    assert area.store.events == [UserDeleted(user_id=user.id)]


async def test_nothing_is_done_about_whoever_stayed_away(area, somebody):
    user, *_ = somebody
    await area.erase(user.id)
    before = area.store.state.copy()
    assert not await area.erase_again(user.id)
    assert area.store.state == before
