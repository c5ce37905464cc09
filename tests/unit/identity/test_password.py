"""Passwords."""

import pytest

from domain.identity.password import parse_new_password, parse_password
from domain.shared.checks import Refused

COMMON = frozenset({"qwertyuiop"})
PERSONAL = ("Ann.Lee@Example.com", "Ann.Lee", "Anastasia Lee", "AnastasiaLee")


def refusal(password: str) -> str:
    with pytest.raises(Refused) as refused:
        parse_new_password(password, COMMON, PERSONAL)
    assert not password or password not in refused.value.message
    return refused.value.reason


@pytest.mark.parametrize("password", ["ten chars!", "p" * 128, "密码密码密码密码密码", "tab\tand\nline end", "🔑" * 10])
def test_characters_of_any_kind_make_a_password(password):
    assert parse_new_password(password, COMMON, PERSONAL) == password


def test_a_password_is_the_same_from_every_keyboard():
    assert parse_password("cafe\u0301 au lait") == parse_password("caf\u00e9 au lait")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "REQUIRED"),
        ("nine char", "TOO_SHORT"),
        ("e\u0301" * 9, "TOO_SHORT"),
        ("p" * 129, "TOO_LONG"),
        ("p" * 5_000_000, "TOO_LONG"),
        ("with a \0 NUL", "INVALID_CHARACTER"),
        ("with a \ud800 surrogate", "INVALID_CHARACTER"),
        ("QwertyUIOP", "TOO_COMMON"),
        ("ann.lee@example.com", "TOO_PERSONAL"),
        ("ANASTASIA lee", "TOO_PERSONAL"),
        ("anastasialee", "TOO_PERSONAL"),
    ],
)
def test_a_bad_password_is_refused_and_not_repeated(password, reason):
    assert refusal(password) == reason


def test_the_local_part_alone_is_no_password():
    with pytest.raises(Refused) as refused:
        parse_new_password("ANASTASIA.LEE", COMMON, ("anastasia.lee@example.com", "anastasia.lee"))
    assert refused.value.reason == "TOO_PERSONAL"


def test_an_account_from_before_may_have_a_short_password():
    assert parse_password("8 chars!") == "8 chars!"
