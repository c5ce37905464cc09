"""Seeing one's sessions, and ending one from any device."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.identity.errors import RefreshTokenInvalid, SessionNotFound, TokenInvalid
from domain.identity.events import Revocation, SessionRevoked
from domain.identity.model import SESSION_IDLE_LIFETIME
from domain.shared.errors import InvalidRequest
from domain.shared.pages import PageRequest


@pytest.fixture
async def devices(area):
    """A user on three devices, opened a minute apart: the user, and their tokens by device."""
    user, tokens = await area.sign_up(device="phone")
    signed_in = {"phone": tokens}
    for device in ("laptop", "tablet"):
        area.clock.advance(minutes=1)
        _, signed_in[device] = await area.enter(device=device)
    area.store.events.clear()
    return user, signed_in


async def session_of(area, tokens):
    return (await area.verify(tokens.access_token)).identity.session_id


async def listed(area, user, size=20, after=None):
    return await area.list_sessions(user.id, PageRequest(size, after))


async def test_the_session_last_used_comes_first(area, devices):
    user, signed_in = devices
    assert [each.device for each in (await listed(area, user)).items] == ["tablet", "laptop", "phone"]
    area.clock.advance(minutes=1)
    await area.verify(signed_in["laptop"].access_token)
    first = (await listed(area, user)).items[0]
    assert (first.device, first.last_seen_at) == ("laptop", area.clock.now)
    assert first.expires_at == area.clock.now + SESSION_IDLE_LIFETIME


async def test_a_use_is_told_with_what_the_database_knew(area, devices):
    _, signed_in = devices
    opened = area.clock.now
    area.clock.advance(minutes=5)
    session_id = await session_of(area, signed_in["tablet"])
    assert area.live.moments[session_id] == area.clock.now
    assert area.live.written[session_id] == opened


async def test_pages_joined_are_the_list(area, devices):
    user, _ = devices
    first = await listed(area, user, 2)
    second = await listed(area, user, 2, first.next_after)
    assert first.items + second.items == (await listed(area, user)).items
    assert second.next_after is None


@pytest.mark.parametrize(
    "place", ["", "x", "2026-01-01T00:00:00 7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11", "2026-01-01T00:00:00+00:00 x"]
)
async def test_a_page_that_begins_nowhere_is_refused(area, devices, place):
    with pytest.raises(InvalidRequest):
        await listed(area, devices[0], 2, place)


async def test_sessions_that_have_ended_are_not_listed(area, devices):
    user, signed_in = devices
    await area.log_out(signed_in["phone"].refresh_token)
    assert [each.device for each in (await listed(area, user)).items] == ["tablet", "laptop"]
    area.clock.now += SESSION_IDLE_LIFETIME - timedelta(seconds=1)
    assert [each.device for each in (await listed(area, user)).items] == ["tablet"]


async def test_a_session_ended_from_another_device_opens_nothing(area, devices):
    user, signed_in = devices
    session_id = await session_of(area, signed_in["phone"])
    await area.revoke_session(user.id, str(session_id).upper())
    with pytest.raises(TokenInvalid):
        await area.verify(signed_in["phone"].access_token)
    with pytest.raises(RefreshTokenInvalid):
        await area.refresh_tokens(signed_in["phone"].refresh_token)
    await area.verify(signed_in["laptop"].access_token)
    assert area.live.ends == [session_id]
    assert area.store.events == [SessionRevoked(session_id=session_id, user_id=user.id, cause=Revocation.ENDED_BY_USER)]


async def test_what_is_no_open_session_of_the_user_is_not_found(area, devices):
    user, signed_in = devices
    ended = await session_of(area, signed_in["phone"])
    await area.log_out(signed_in["phone"].refresh_token)
    stranger, _ = await area.sign_up(email="bob@example.com")
    strangers = (await listed(area, stranger)).items[0].id
    area.store.events.clear()
    for session_id in (str(ended), str(strangers), str(uuid4()), "", "x", "\0", "{" + str(strangers) + "}"):
        with pytest.raises(SessionNotFound) as refused:
            await area.revoke_session(user.id, session_id)
        assert refused.value.metadata == {"session_id": session_id}
    assert area.store.events == []
    assert area.live.ends == [ended]


async def test_a_session_that_has_run_out_is_not_found(area, devices):
    user, signed_in = devices
    session_id = await session_of(area, signed_in["phone"])
    area.clock.now += SESSION_IDLE_LIFETIME
    with pytest.raises(SessionNotFound):
        await area.revoke_session(user.id, str(session_id))
