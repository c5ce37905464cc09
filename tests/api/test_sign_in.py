"""Accounts and sessions over HTTP: one account an address, tokens that turn, and a log-out that counts at once."""

import asyncio
import base64
import json
import unicodedata
from uuid import uuid4

from api.contract import RPCS
from api.learner import PASSWORD, sign_up

JSON = {"content-type": "application/json"}
REFRESH = "AuthService/RefreshTokens"


async def _refresh(http, token: str):
    return await http.call(REFRESH, RPCS[REFRESH].request(refresh_token=token))


async def _me(door, token: str) -> str:
    return (await door.call("UserService/GetMe", RPCS["UserService/GetMe"].request(), token)).reason


def _spellings(unique: str) -> list[str]:
    """Return ten spellings of one address."""
    composed = f"ZoË.{unique}@Exämple.com"
    forms = [unicodedata.normalize(form, composed) for form in ("NFC", "NFD")]
    cases = [str.lower, str.upper, str.title, str.swapcase, str]
    return [case(form) for case in cases for form in forms]


async def test_of_ten_sign_ups_at_once_for_one_address_exactly_one_wins(http) -> None:
    spellings = _spellings(uuid4().hex)
    assert len(set(spellings)) > 5
    answers = await asyncio.gather(*(http.call("AuthService/SignUp", sign_up(email=email)) for email in spellings))
    assert sorted(answer.http_status for answer in answers) == [201] + [409] * 9
    assert {answer.reason for answer in answers if answer.code != "OK"} == {"EMAIL_TAKEN"}
    winner = next(answer for answer in answers if answer.code == "OK").message
    for email in spellings:
        request = RPCS["AuthService/LogIn"].request(email=email, password=PASSWORD)
        assert (await http.call("AuthService/LogIn", request)).message.user.id == winner.user.id


async def test_a_lost_sign_up_leaves_nothing(http, product, owner) -> None:
    before = await product.rows()
    await http.call("AuthService/SignUp", sign_up(email=owner.email))
    assert await product.rows() == before


async def test_a_refresh_token_buys_the_next_pair_once(http, learner) -> None:
    second = (await _refresh(http, learner.refresh_token)).message.tokens
    third = (await _refresh(http, second.refresh_token)).message.tokens
    assert len({learner.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert await _me(http, third.access_token) == ""


async def test_an_answer_lost_on_the_way_can_be_asked_for_again(http, learner) -> None:
    first = (await _refresh(http, learner.refresh_token)).message.tokens
    again = (await _refresh(http, learner.refresh_token)).message.tokens
    assert again.refresh_token == first.refresh_token
    assert (await _refresh(http, again.refresh_token)).code == "OK"


async def test_ten_refreshes_at_once_get_one_successor(http, learner) -> None:
    answers = await asyncio.gather(*(_refresh(http, learner.refresh_token) for _ in range(10)))
    assert len({answer.message.tokens.refresh_token for answer in answers}) == 1


async def test_a_stolen_refresh_token_ends_the_session_for_thief_and_owner(http, learner) -> None:
    second = (await _refresh(http, learner.refresh_token)).message.tokens
    third = (await _refresh(http, second.refresh_token)).message.tokens
    stolen = await _refresh(http, learner.refresh_token)
    assert (stolen.http_status, stolen.reason) == (401, "REFRESH_TOKEN_REUSED")
    assert (await _refresh(http, third.refresh_token)).reason == "REFRESH_TOKEN_INVALID"
    for token in (learner.token, second.access_token, third.access_token):
        assert await _me(http, token) == "TOKEN_INVALID"


async def test_after_a_log_out_the_access_token_opens_nothing_through_either_door(http, product, learner) -> None:
    assert await _me(http, learner.token) == await _me(product.grpc, learner.token) == ""
    request = RPCS["AuthService/LogOut"].request(refresh_token=learner.refresh_token)
    assert (await http.call("AuthService/LogOut", request)).code == "OK"
    assert await _me(http, learner.token) == await _me(product.grpc, learner.token) == "TOKEN_INVALID"
    assert (await _refresh(http, learner.refresh_token)).reason == "REFRESH_TOKEN_INVALID"
    assert (await http.call("AuthService/LogOut", request)).code == "OK"


async def test_a_log_out_ends_its_own_session_alone(http, learner) -> None:
    other = await learner.log_in()
    await http.call("AuthService/LogOut", RPCS["AuthService/LogOut"].request(refresh_token=other.refresh_token))
    assert await _me(http, other.access_token) == "TOKEN_INVALID"
    assert await _me(http, learner.token) == ""


async def test_access_tokens_are_signed_with_a_published_key(http, learner) -> None:
    keys = json.loads((await http.call("AuthService/GetJwks", RPCS["AuthService/GetJwks"].request())).message.body.data)
    header = json.loads(_decoded(learner.token.split(".")[0]))
    assert {key["kid"]: key["crv"] for key in keys["keys"]}[header["kid"]] == "Ed25519"
    assert not any("d" in key for key in keys["keys"])


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_a_profile_is_changed_by_the_keys_of_the_body(http, learner) -> None:
    path, changes = (
        "/api/v2/users/me",
        ({"full_name": "陳大文 🙂"}, {"date_of_birth": "1990-12-31"}, {"date_of_birth": None}),
    )
    seen = []
    for change in changes:
        answer = await http.client.patch(path, json=change, headers={"authorization": f"Bearer {learner.token}"})
        seen.append([answer.json()["data"].get(key) for key in ("full_name", "date_of_birth", "etag")])
    assert seen == [["陳大文 🙂", None, "2"], ["陳大文 🙂", "1990-12-31", "3"], ["陳大文 🙂", None, "4"]]


async def test_a_change_based_on_the_present_state_is_taken(http, learner) -> None:
    headers = JSON | {"authorization": f"Bearer {learner.token}", "if-match": '"1"'}
    first, second = [
        await http.client.patch("/api/v2/users/me", json={"full_name": name}, headers=headers) for name in ("Ay", "Li")
    ]
    assert (first.status_code, second.status_code) == (200, 412)
