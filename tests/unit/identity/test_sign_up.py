"""Making an account."""

from datetime import date

import pytest

from domain.identity.errors import EmailTaken
from domain.identity.events import SessionCreated, UserRegistered
from domain.identity.model import ACCESS_TOKEN_LIFETIME
from domain.shared.errors import InvalidRequest


async def violations(signing_up) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        await signing_up
    return {violation.field: violation.reason for violation in refused.value.violations}


async def test_a_sign_up_makes_an_account_and_signs_it_in(area):
    user, tokens = await area.sign_up(full_name="  Anne-Marie O'Brien ", date_of_birth="1990-12-31", device="phone")

    assert await area.get_user(user.id) == user
    assert (user.email, user.email_key) == ("Ann.Lee@Example.com", "ann.lee@example.com")
    assert (user.full_name, user.date_of_birth) == ("Anne-Marie O'Brien", date(1990, 12, 31))
    assert (user.email_verified, user.etag) == (False, "1")
    assert user.terms_accepted_at == user.created_at == user.updated_at == area.clock.now
    assert tokens.expires_in == ACCESS_TOKEN_LIFETIME.total_seconds() == 600
    verified = await area.verify(tokens.access_token)
    assert verified.identity.user_id == user.id
    assert verified.identity.roles == frozenset()
    assert area.store.state.sessions[verified.identity.session_id].device == "phone"


async def test_the_password_is_kept_as_a_hash_only(area):
    user, _ = await area.sign_up(password="correct horse battery")
    assert "correct" not in repr(area.store.state)
    assert await area.hasher.verify("correct horse battery", user.password_hash)


async def test_the_events_of_a_sign_up_name_the_person_in_personal_fields_alone(area):
    user, tokens = await area.sign_up()
    session_id = (await area.verify(tokens.access_token)).identity.session_id
    registered, created = area.store.events
    assert registered == UserRegistered(user_id=user.id, email=user.email, full_name=user.full_name)
    assert registered.personal_fields() == ("email", "full_name")
    assert created == SessionCreated(session_id=session_id, user_id=user.id)


async def test_every_violation_is_named_at_once_and_nothing_is_written(area):
    found = await violations(
        area.sign_up(email="ann", password="short", full_name="A", accept_terms=False, date_of_birth="yesterday")
    )
    assert found == {
        "email": "INVALID_FORMAT",
        "password": "TOO_SHORT",
        "full_name": "TOO_SHORT",
        "accept_terms": "REQUIRED",
        "date_of_birth": "INVALID_FORMAT",
    }
    assert (area.store.state.users, area.store.state.sessions, area.store.events) == ({}, {}, [])
    assert area.hasher.runs == 0


async def test_an_empty_sign_up_says_what_is_required(area):
    found = await violations(area.sign_up(email="", password="", full_name=" ", accept_terms=False))
    assert found == dict.fromkeys(("email", "password", "full_name", "accept_terms"), "REQUIRED")


@pytest.mark.parametrize("password", ["Ann.Lee@Example.com", "ANASTASIALEE", "anastasia lee", "QWERTYUIOP"])
async def test_a_password_that_can_be_guessed_is_refused(area, password):
    found = await violations(area.sign_up(password=password, full_name="Anastasia Lee"))
    assert found.keys() == {"password"}


@pytest.mark.parametrize(
    ("born", "reason"),
    [
        ("1899-12-31", "OUT_OF_RANGE"),
        ("2013-03-02", "OUT_OF_RANGE"),  # thirteen tomorrow
        ("2030-01-01", "OUT_OF_RANGE"),
        ("1990-02-30", "INVALID_FORMAT"),
        ("19901231", "INVALID_FORMAT"),
        ("1990-W01-1", "INVALID_FORMAT"),
        ("1990-12-31T00:00:00", "INVALID_FORMAT"),
        ("١٩٩٠-١٢-٣١", "INVALID_FORMAT"),
        ("", "INVALID_FORMAT"),
    ],
)
async def test_a_date_of_birth_is_a_day_that_fits(area, born, reason):
    assert await violations(area.sign_up(date_of_birth=born)) == {"date_of_birth": reason}


@pytest.mark.parametrize("born", ["1900-01-01", "2013-03-01", "2012-02-29"])
async def test_who_is_thirteen_today_may_sign_up(area, born):
    user, _ = await area.sign_up(date_of_birth=born)
    assert user.date_of_birth == date.fromisoformat(born)


@pytest.mark.parametrize("name", ["陳大文", "Anne-Marie O'Brien", "Nguyễn Thị Minh", "عمر", "Jo"])
async def test_names_of_any_script_are_kept(area, name):
    user, _ = await area.sign_up(full_name=name)
    assert user.full_name == name


async def test_a_taken_address_is_refused_in_every_spelling(area):
    await area.sign_up(email="jörg@example.com")
    before = area.store.state.copy()
    with pytest.raises(EmailTaken):
        await area.sign_up(email="JO\u0308RG@EXAMPLE.COM")
    assert area.store.state == before


async def test_a_strange_device_name_never_stops_a_sign_up(area):
    await area.sign_up(device="\0curl\ud800/8\n" + "x" * 1_000)
    (session,) = area.store.state.sessions.values()
    assert session.device.startswith("curl/8x")
    assert len(session.device) <= 200
