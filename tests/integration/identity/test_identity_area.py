"""The identity use cases over Postgres, argon2 and real signatures."""

import asyncio
import unicodedata
from types import SimpleNamespace
from uuid import uuid4

import pytest
from fakes.identity import FakeLiveSessions, FakePasswordHasher
from sqlalchemy import text

from adapters.security.access_tokens import JwtAccessTokens
from adapters.security.passwords import Argon2Passwords, common_passwords
from adapters.security.refresh_tokens import HmacRefreshTokens
from adapters.security.signing_keys import load_or_create_signing_keys
from adapters.security.verified_tokens import TokenVerifier
from domain.identity.access import VerifyAccessToken
from domain.identity.errors import (
    EmailTaken,
    InvalidCredentials,
    RefreshTokenInvalid,
    RefreshTokenReused,
    TokenInvalid,
)
from domain.identity.log_in import AuthenticateUser, LogIn
from domain.identity.profile import GetUser, ProfileUpdate, UpdateProfile
from domain.identity.sessions import LogOut, RefreshTokens, SessionTokens
from domain.identity.sign_up import RegisterUser, SignUp
from domain.shared.clock import system_clock
from domain.shared.errors import EtagMismatch, InvalidRequest

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def argon2():
    hasher = Argon2Passwords()
    yield hasher
    hasher.close()


@pytest.fixture
def area(sql_work, sql_reads, tmp_path, argon2):
    keys = load_or_create_signing_keys(tmp_path / "keys.json")
    access = JwtAccessTokens(keys, system_clock)
    tokens = SessionTokens(access, HmacRefreshTokens(keys.refresh_secret), system_clock)
    live = FakeLiveSessions()
    live.verifier = verifier = TokenVerifier(VerifyAccessToken(access, sql_reads, live, system_clock), system_clock)
    return SimpleNamespace(
        register=RegisterUser(sql_work, tokens, argon2, common_passwords(), system_clock),
        register_fast=RegisterUser(sql_work, tokens, FakePasswordHasher(), frozenset(), system_clock),
        log_in=AuthenticateUser(sql_work, sql_reads, tokens, argon2),
        refresh=RefreshTokens(sql_work, tokens, live, system_clock),
        log_out=LogOut(sql_work, live, system_clock),
        get_user=GetUser(sql_reads),
        update_profile=UpdateProfile(sql_work, system_clock),
        verifier=verifier,
    )


@pytest.fixture
def address() -> str:
    return f"jörg.{uuid4().hex}@example.com"


@pytest.fixture
def rows(connections):
    """Ask the database: `await rows("SELECT …", name=value)`."""

    async def ask(statement: str, **values):
        async with connections.reading() as connection:
            return [tuple(row) for row in await connection.execute(text(statement), values)]

    return ask


@pytest.fixture
def event_types_of(rows):
    async def ask(stream_id: str) -> list[str]:
        statement = "SELECT type FROM event_store WHERE stream_id = :stream_id ORDER BY version"
        return [row[0] for row in await rows(statement, stream_id=stream_id)]

    return ask


def sign_up(address: str, **changes) -> SignUp:
    return SignUp(**{"email": address, "password": PASSWORD, "full_name": "陳大文", "accept_terms": True, **changes})


async def test_the_life_of_an_account(area, address, event_types_of):
    user, first = await area.register(sign_up(address, date_of_birth="1990-12-31", device="phone"))
    same, second = await area.log_in(LogIn(address.upper(), PASSWORD))
    assert same == user == await area.get_user(user.id)

    identity = await area.verifier.identify(second.access_token)
    assert identity.user_id == user.id
    changed = await area.update_profile(user.id, ProfileUpdate(("full_name",), "Jo", etag=user.etag))
    assert await area.get_user(user.id) == changed

    third = await area.refresh(second.refresh_token)
    assert await area.verifier.identify(third.access_token) == identity
    await area.log_out(third.refresh_token)
    for token in (second.access_token, third.access_token):
        assert area.verifier.known(token) is None
        with pytest.raises(TokenInvalid):
            await area.verifier.identify(token)
    await area.verifier.identify(first.access_token)

    assert await event_types_of(f"user-{user.id}") == [
        "user.registered",
        "user.logged_in",
        "user.profile_updated",
        "user.logged_out",
    ]
    assert await event_types_of(f"session-{identity.session_id}") == [
        "session.created",
        "session.refreshed",
        "session.revoked",
    ]


async def test_of_many_sign_ups_at_once_for_one_address_exactly_one_wins(area, address, rows, event_types_of):
    spellings = [
        unicodedata.normalize(form, change(address))
        for form in ("NFC", "NFD")
        for change in (str, str.upper, str.title, str.swapcase, lambda text: f" {text} ")
    ]
    answers = await asyncio.gather(
        *(area.register_fast(sign_up(spelling)) for spelling in spellings), return_exceptions=True
    )
    (winner,) = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert [type(answer) for answer in answers].count(EmailTaken) == 9

    kept = await rows("SELECT id FROM account WHERE email_key = :key", key=winner[0].email_key)
    assert kept == [(winner[0].id,)]
    assert await event_types_of(f"user-{winner[0].id}") == ["user.registered"]
    sessions = await rows("SELECT count(*) FROM session WHERE user_id = :id", id=winner[0].id)
    assert sessions == [(1,)]


async def test_a_refused_sign_up_writes_nothing(area, address, rows):
    await area.register_fast(sign_up(address))
    count = "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM session), (SELECT count(*) FROM event_store)"
    before = await rows(count)
    with pytest.raises(InvalidRequest):
        await area.register(sign_up("", password="password123", accept_terms=False))
    with pytest.raises(EmailTaken):
        await area.register_fast(sign_up(address))
    with pytest.raises(InvalidCredentials):
        await area.log_in(LogIn(f"x{address}", PASSWORD))
    assert await rows(count) == before


async def test_many_refreshes_of_one_token_at_once_have_one_successor(area, address, event_types_of):
    _, tokens = await area.register_fast(sign_up(address))
    answers = await asyncio.gather(*(area.refresh(tokens.refresh_token) for _ in range(20)))
    assert len({answer.refresh_token for answer in answers}) == 1

    session_id = (await area.verifier.identify(answers[0].access_token)).session_id
    assert await event_types_of(f"session-{session_id}") == ["session.created", "session.refreshed"]
    await area.refresh(answers[0].refresh_token)


async def test_a_reused_refresh_token_revokes_the_family_with_its_event(area, address, rows, event_types_of):
    _, first = await area.register_fast(sign_up(address))
    second = await area.refresh(first.refresh_token)
    third = await area.refresh(second.refresh_token)
    session_id = (await area.verifier.identify(third.access_token)).session_id
    with pytest.raises(RefreshTokenReused):
        await area.refresh(first.refresh_token)

    with pytest.raises(TokenInvalid):
        await area.verifier.identify(third.access_token)
    with pytest.raises(RefreshTokenInvalid):
        await area.refresh(third.refresh_token)
    assert (await event_types_of(f"session-{session_id}"))[-2:] == ["session.reuse_detected", "session.revoked"]
    assert await rows("SELECT revoked_at IS NOT NULL FROM session WHERE id = :id", id=session_id) == [(True,)]


async def test_of_many_updates_of_one_state_exactly_one_wins(area, address, event_types_of):
    user, _ = await area.register_fast(sign_up(address))
    updates = [ProfileUpdate(("full_name",), f"Name {number}", etag=user.etag) for number in range(5)]
    answers = await asyncio.gather(*(area.update_profile(user.id, one) for one in updates), return_exceptions=True)
    (winner,) = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert [type(answer) for answer in answers].count(EtagMismatch) == 4
    assert await area.get_user(user.id) == winner
    assert await event_types_of(f"user-{user.id}") == ["user.registered", "user.profile_updated"]


async def test_no_personal_value_and_no_secret_is_in_an_event_or_stored_in_clear(area, address, rows):
    user, tokens = await area.register(sign_up(address, full_name="Rumpelstiltskin", date_of_birth="1984-07-07"))
    newest = await area.refresh(tokens.refresh_token)
    written = str(await rows("SELECT to_jsonb(event_store)::text FROM event_store"))
    for personal in (address, "Rumpelstiltskin", "1984-07-07", PASSWORD, user.password_hash):
        assert personal not in written
    stored = written + str(await rows("SELECT * FROM refresh_token")) + str(await rows("SELECT * FROM account"))
    for secret in (tokens.refresh_token, newest.refresh_token, tokens.access_token, PASSWORD):
        assert secret not in stored
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
