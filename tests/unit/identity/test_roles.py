"""Giving roles and taking them away."""

import pytest

from domain.identity.errors import AddressUnknown, RefreshTokenInvalid, TokenInvalid
from domain.identity.events import Revocation, SessionRevoked, UserRoleGranted, UserRoleRevoked
from domain.shared.errors import InvalidRequest

ADDRESS = "Ann.Lee@Example.com"


@pytest.fixture
async def signed_in(area):
    """A user and their tokens."""
    user, tokens = await area.sign_up()
    area.store.events.clear()
    return user, tokens


async def roles_of(area, tokens):
    return set((await area.verify(tokens.access_token)).identity.roles)


async def test_a_role_comes_with_the_next_log_in_or_refresh(area, signed_in):
    user, tokens = signed_in
    assert await area.grant(ADDRESS.upper(), "admin")
    assert area.store.events == [UserRoleGranted(user_id=user.id, role="admin")]
    assert await roles_of(area, tokens) == set()
    _, logged_in = await area.enter()
    refreshed = await area.refresh_tokens(tokens.refresh_token)
    once_more = await area.refresh_tokens(tokens.refresh_token)
    for later in (logged_in, refreshed, once_more):
        assert await roles_of(area, later) == {"admin"}


async def test_roles_add_up_and_the_account_stays_as_its_owner_sees_it(area, signed_in):
    user, _ = signed_in
    await area.grant(ADDRESS, "admin")
    await area.grant(ADDRESS, "internal")
    _, tokens = await area.enter()
    assert await roles_of(area, tokens) == {"admin", "internal"}
    assert (await area.get_user(user.id)).etag == user.etag


async def test_a_role_that_is_there_already_or_is_not_there_is_no_change(area, signed_in):
    _, tokens = signed_in
    assert not await area.revoke(ADDRESS, "admin")
    assert area.store.events == []
    await area.grant(ADDRESS, "admin")
    assert not await area.grant(ADDRESS, "admin")
    assert len(area.store.events) == 1
    await area.verify(tokens.access_token)


async def test_who_loses_a_role_loses_every_open_session(area, signed_in):
    user, _ = signed_in
    await area.grant(ADDRESS, "admin")
    _, admin = await area.enter()
    open_sessions = set(area.store.state.sessions)
    area.store.events.clear()

    assert await area.revoke(ADDRESS, "admin")
    first, *rest = area.store.events
    assert first == UserRoleRevoked(user_id=user.id, role="admin")
    assert {event.session_id for event in rest} == open_sessions
    assert {(type(event), event.user_id, event.cause) for event in rest} == {
        (SessionRevoked, user.id, Revocation.ROLE_REVOKED)
    }
    with pytest.raises(TokenInvalid):
        await area.verify(admin.access_token)
    with pytest.raises(RefreshTokenInvalid):
        await area.refresh_tokens(admin.refresh_token)
    _, learner = await area.enter()
    assert await roles_of(area, learner) == set()


async def test_sessions_that_had_ended_before_are_not_ended_again(area, signed_in):
    _, tokens = signed_in
    await area.log_out(tokens.refresh_token)
    await area.enter()
    area.clock.advance(days=40)
    await area.grant(ADDRESS, "admin")
    area.store.events.clear()
    await area.revoke(ADDRESS, "admin")
    assert [type(event) for event in area.store.events] == [UserRoleRevoked]


async def test_one_role_of_two_is_taken(area, signed_in):
    for role in ("admin", "internal"):
        await area.grant(ADDRESS, role)
    await area.revoke(ADDRESS, "admin")
    _, tokens = await area.enter()
    assert await roles_of(area, tokens) == {"internal"}


@pytest.mark.parametrize("change", ["grant", "revoke"])
async def test_an_address_that_nobody_has_is_named(area, signed_in, change):
    with pytest.raises(AddressUnknown, match="No account has this e-mail address"):
        await getattr(area, change)("nobody@example.com", "admin")


@pytest.mark.parametrize("change", ["grant", "revoke"])
async def test_what_is_no_address_and_no_role_is_refused_at_once(area, change):
    with pytest.raises(InvalidRequest) as refused:
        await getattr(area, change)("ann", "root")
    found = {violation.field: violation.reason for violation in refused.value.violations}
    assert found == {"email": "INVALID_FORMAT", "role": "UNKNOWN_VALUE"}
