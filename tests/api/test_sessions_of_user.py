"""Where somebody is signed in, and signing a device out from another one."""

from uuid import uuid4

from api.contract import RPCS

LIST = "AuthService/ListSessions"
REVOKE = "AuthService/RevokeSession"
REFRESH = "AuthService/RefreshTokens"
ME = "UserService/GetMe"


async def _call(door, name: str, token: str | None = None, **fields):
    return await door.call(name, RPCS[name].request(**fields), token)


async def _sessions(door, token: str):
    return list((await _call(door, LIST, token)).message.sessions)


async def _current(door, token: str) -> str:
    return next(each.id for each in await _sessions(door, token) if each.current)


async def test_a_session_says_what_device_it_is_and_how_long_it_lives(door, learner) -> None:
    only = (await _sessions(door, learner.token))[0]
    assert only.current
    assert only.device.startswith("grpc-python")
    assert only.created_at.ToDatetime() <= only.last_seen_at.ToDatetime()
    assert (only.expires_at.ToDatetime() - only.last_seen_at.ToDatetime()).days == 30


async def test_one_session_of_several_is_the_current_one(door, learner) -> None:
    other = await learner.log_in()
    for token in (learner.token, other.access_token):
        assert sorted(each.current for each in await _sessions(door, token)) == [False, True]
    assert await _current(door, learner.token) != await _current(door, other.access_token)


async def test_a_device_signed_out_from_another_is_out_at_once(door, learner) -> None:
    lost = await learner.log_in()
    assert (await _call(door, ME, lost.access_token)).code == "OK"
    session_id = await _current(door, lost.access_token)
    assert (await _call(door, REVOKE, learner.token, session_id=session_id)).code == "OK"
    refused = await _call(door, ME, lost.access_token)
    assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "TOKEN_INVALID")
    assert (await _call(door, REFRESH, refresh_token=lost.refresh_token)).reason == "REFRESH_TOKEN_INVALID"
    assert [each.current for each in await _sessions(door, learner.token)] == [True]
    assert (await _call(door, REVOKE, learner.token, session_id=session_id)).reason == "SESSION_NOT_FOUND"


async def test_one_may_end_the_session_one_calls_with(door, learner) -> None:
    session_id = await _current(door, learner.token)
    assert (await _call(door, REVOKE, learner.token, session_id=session_id)).code == "OK"
    assert (await _call(door, ME, learner.token)).reason == "TOKEN_INVALID"


async def test_what_is_no_session_of_the_caller_is_not_found(door, learner, other, nothing_written) -> None:
    strangers = await _current(door, other.token)
    for session_id in (strangers, str(uuid4()), "x", "🙂", "a" * 500):
        refused = await _call(door, REVOKE, learner.token, session_id=session_id)
        assert (refused.code, refused.reason) == ("NOT_FOUND", "SESSION_NOT_FOUND"), session_id
    assert (await _call(door, ME, other.token)).code == "OK"
