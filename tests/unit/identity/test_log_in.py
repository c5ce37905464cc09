"""Opening a session by password."""

import pytest
from fakes.identity import FakePasswordHasher

from domain.identity.errors import InvalidCredentials
from domain.identity.events import SessionCreated, UserLoggedIn
from domain.shared.errors import InvalidRequest


async def test_a_log_in_opens_another_session(area):
    user, first = await area.sign_up()
    again, second = await area.enter(email="ANN.LEE@example.com", device="laptop")

    identity = (await area.verify(second.access_token)).identity
    assert again == user
    assert identity.user_id == user.id
    assert identity.session_id != (await area.verify(first.access_token)).identity.session_id
    assert area.store.state.sessions[identity.session_id].device == "laptop"
    assert area.store.events[2:] == [
        SessionCreated(session_id=identity.session_id, user_id=user.id),
        UserLoggedIn(user_id=user.id, session_id=identity.session_id),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong horse battery"},
        {"password": "x"},
        {"email": "bob@example.com"},
        {"email": "no address at all"},
        {"email": "a\0@\ud800"},
        {"email": "x" * 100_000},
    ],
)
async def test_a_wrong_address_and_a_wrong_password_get_the_same_answer_after_the_same_work(area, wrong):
    await area.sign_up()
    before, area.hasher.runs = area.store.state.copy(), 0
    with pytest.raises(InvalidCredentials) as refused:
        await area.enter(**wrong)
    assert area.hasher.runs == 1
    assert (refused.value.message, refused.value.metadata) == ("The e-mail address or the password is wrong.", {})
    assert area.store.state == before


async def test_address_and_password_are_required(area):
    with pytest.raises(InvalidRequest) as refused:
        await area.enter(email="", password="")
    assert {(one.field, one.reason) for one in refused.value.violations} == {
        ("email", "REQUIRED"),
        ("password", "REQUIRED"),
    }


@pytest.mark.parametrize("password", ["p" * 129, "a \0 NUL here", "a lone \udfff surrogate"])
async def test_what_cannot_be_a_password_is_refused_alike_for_every_address(area, password):
    await area.sign_up()
    for email in ("ann.lee@example.com", "bob@example.com"):
        with pytest.raises(InvalidRequest):
            await area.enter(email=email, password=password)


async def test_a_password_typed_in_another_unicode_form_opens_the_account(area):
    await area.sign_up(password="caf\u00e9 au lait")
    user, _ = await area.enter(password="cafe\u0301 au lait")
    assert user.email_key == "ann.lee@example.com"


async def test_a_hash_of_older_parameters_is_renewed_at_log_in(area):
    old = await FakePasswordHasher("v1").hash("correct horse battery")
    user, _ = await area.sign_up()
    async with area.store.work() as work:
        await work.users.replace_password_hash(user.id, user.password_hash, old)
        await work.commit()

    await area.enter()
    renewed = (await area.get_user(user.id)).password_hash
    assert not area.hasher.is_outdated(renewed)
    assert await area.hasher.verify("correct horse battery", renewed)
    assert (await area.get_user(user.id)).etag == user.etag
