"""The life of a session."""

from datetime import timedelta

import pytest

from domain.identity.errors import RefreshTokenInvalid, RefreshTokenReused, TokenExpired, TokenInvalid
from domain.identity.events import (
    Revocation,
    SessionRefreshed,
    SessionReuseDetected,
    SessionRevoked,
    UserLoggedOut,
)
from domain.shared.errors import InvalidRequest


@pytest.fixture
async def signed_in(area):
    """A signed-in user: their tokens, and what they prove."""
    _, tokens = await area.sign_up()
    identity = (await area.verify(tokens.access_token)).identity
    area.store.events.clear()
    return tokens, identity


async def test_a_refresh_gives_the_next_tokens_of_the_same_session(area, signed_in):
    tokens, identity = signed_in
    area.clock.advance(minutes=10)
    with pytest.raises(TokenExpired):
        await area.verify(tokens.access_token)

    refreshed = await area.refresh_tokens(tokens.refresh_token)
    assert refreshed.refresh_token != tokens.refresh_token
    assert (await area.verify(refreshed.access_token)).identity == identity
    assert area.store.events == [SessionRefreshed(session_id=identity.session_id, generation=1)]
    assert area.store.state.sessions[identity.session_id].last_seen_at == area.clock.now


async def test_the_token_just_replaced_gives_the_same_successor_for_ten_seconds(area, signed_in):
    tokens, identity = signed_in
    first = await area.refresh_tokens(tokens.refresh_token)
    area.clock.advance(seconds=10)
    again = await area.refresh_tokens(tokens.refresh_token)
    assert again.refresh_token == first.refresh_token
    assert (await area.verify(again.access_token)).identity == identity
    assert len(area.store.events) == 1


async def test_a_reused_refresh_token_revokes_the_family(area, signed_in):
    tokens, identity = signed_in
    newest = await area.refresh_tokens(tokens.refresh_token)
    area.clock.advance(seconds=10.001)
    with pytest.raises(RefreshTokenReused):
        await area.refresh_tokens(tokens.refresh_token)

    whose = {"session_id": identity.session_id, "user_id": identity.user_id}
    assert area.store.events[1:] == [
        SessionReuseDetected(**whose, generation=0),
        SessionRevoked(**whose, cause=Revocation.REUSE_DETECTED),
    ]
    assert area.live.ends == [identity.session_id]
    with pytest.raises(TokenInvalid):
        await area.verify(newest.access_token)
    for token in (tokens.refresh_token, newest.refresh_token):
        with pytest.raises(RefreshTokenInvalid):
            await area.refresh_tokens(token)
    assert len(area.store.events) == 3


async def test_the_grace_is_for_the_immediately_previous_token_only(area, signed_in):
    tokens, _ = signed_in
    second = await area.refresh_tokens(tokens.refresh_token)
    await area.refresh_tokens(second.refresh_token)
    with pytest.raises(RefreshTokenReused):
        await area.refresh_tokens(tokens.refresh_token)


async def test_a_stolen_session_leaves_the_others_open(area, signed_in):
    tokens, _ = signed_in
    _, other = await area.enter()
    await area.refresh_tokens(tokens.refresh_token)
    area.clock.advance(seconds=11)
    with pytest.raises(RefreshTokenReused):
        await area.refresh_tokens(tokens.refresh_token)
    await area.verify(other.access_token)


@pytest.mark.parametrize("token", ["refresh-unknown", "x" * 10_000, "\0", "\ud800"])
async def test_an_unknown_token_opens_nothing_and_logs_out_quietly(area, signed_in, token):
    with pytest.raises(RefreshTokenInvalid):
        await area.refresh_tokens(token)
    await area.log_out(token)
    assert area.store.events == []
    assert area.live.ends == []


async def test_a_session_lives_thirty_days_after_its_last_use(area, signed_in):
    tokens, _ = signed_in
    area.clock.advance(days=29)
    tokens = await area.refresh_tokens(tokens.refresh_token)
    area.clock.advance(days=29)
    tokens = await area.refresh_tokens(tokens.refresh_token)
    area.clock.advance(days=30)
    with pytest.raises(RefreshTokenInvalid):
        await area.refresh_tokens(tokens.refresh_token)


async def test_a_session_lives_180_days_however_much_it_is_used(area, signed_in):
    tokens, identity = signed_in
    opened = area.clock.now
    while area.clock.now < opened + timedelta(days=160):
        area.clock.advance(days=20)
        tokens = await area.refresh_tokens(tokens.refresh_token)
    area.clock.now = opened + timedelta(days=180, seconds=-1)
    tokens = await area.refresh_tokens(tokens.refresh_token)
    area.clock.advance(seconds=1)
    with pytest.raises(RefreshTokenInvalid):
        await area.refresh_tokens(tokens.refresh_token)
    with pytest.raises(TokenInvalid):
        await area.verify(tokens.access_token)
    assert area.store.state.sessions[identity.session_id].revoked_at is None


async def test_a_log_out_ends_the_session_at_once_and_can_be_repeated(area, signed_in):
    tokens, identity = signed_in
    await area.log_out(tokens.refresh_token)
    await area.log_out(tokens.refresh_token)
    with pytest.raises(TokenInvalid):
        await area.verify(tokens.access_token)
    with pytest.raises(RefreshTokenInvalid):
        await area.refresh_tokens(tokens.refresh_token)
    whose = {"session_id": identity.session_id, "user_id": identity.user_id}
    assert area.store.events == [UserLoggedOut(**whose), SessionRevoked(**whose, cause=Revocation.LOGGED_OUT)]
    assert area.live.ends == [identity.session_id]


async def test_a_refresh_token_is_required(area):
    for use_case in (area.refresh_tokens, area.log_out):
        with pytest.raises(InvalidRequest) as refused:
            await use_case("")
        assert [(one.field, one.reason) for one in refused.value.violations] == [("refresh_token", "REQUIRED")]


async def test_refresh_tokens_are_kept_as_hashes_only(area, signed_in):
    tokens, _ = signed_in
    refreshed = await area.refresh_tokens(tokens.refresh_token)
    kept = repr(area.store.state)
    assert tokens.refresh_token not in kept
    assert refreshed.refresh_token not in kept


async def test_a_token_of_a_session_that_is_not_there_is_invalid(area, signed_in):
    tokens, identity = signed_in
    del area.store.state.sessions[identity.session_id]
    with pytest.raises(TokenInvalid):
        await area.verify(tokens.access_token)


async def test_the_public_keys_are_those_that_tokens_are_verified_with(area):
    assert await area.public_keys() == area.access.public_keys()
