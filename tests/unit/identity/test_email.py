"""E-mail addresses."""

import unicodedata

import pytest

from domain.identity.email import parse_email
from domain.shared.checks import Refused


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com",
        "ann.lee+work@mail.example.co.uk",
        "o'brien@example.com",
        "a@b.io",
        "user_name-1@xn--mnchen-3ya.de",
        "jörg@münchen.de",
        "陳大文@例子.公司",
        "डेटा@मेल.भारत",
        "a" * 64 + "@example.com",
        "ann@" + "a" * 63 + ".com",
    ],
)
def test_an_address_that_people_have_is_accepted_as_typed(address):
    assert parse_email(f"  {address} ").typed == address


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@example.com", "ANN@EXAMPLE.COM"),
        ("jörg@example.com", unicodedata.normalize("NFD", "Jörg@example.com")),
        ("ann@example.com", "ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ"),  # noqa: RUF001 - full width on purpose
        ("ann@münchen.de", "ann@xn--mnchen-3ya.de"),
        ("ann@MÜNCHEN.de", "ann@münchen.de"),
        ("straße@example.com", "STRASSE@example.com"),
        ("ἀνήρ@example.com", "ἈΝΉΡ@example.com"),
        ("ann@例子。公司", "ann@例子.公司"),
    ],
)
def test_letter_case_and_unicode_form_make_no_other_address(one, other):
    assert parse_email(one).key == parse_email(other).key


def test_dots_and_tags_make_another_address():
    keys = {parse_email(address).key for address in ("ann.lee@a.com", "annlee@a.com", "annlee+x@a.com")}
    assert len(keys) == 3


@pytest.mark.parametrize(
    "address",
    [
        "ann",
        "@example.com",
        "ann@",
        "ann@localhost",
        "ann@example..com",
        "ann@.example.com",
        "ann@example.com.",
        "ann@-example.com",
        "ann@example-.com",
        "ann@exa_mple.com",
        "ann@127.0.0.1",
        "ann@[127.0.0.1]",
        "ann@" + "a" * 64 + ".com",
        ".ann@example.com",
        "ann.@example.com",
        "an..n@example.com",
        "ann lee@example.com",
        '"ann lee"@example.com',
        "ann@lee@example.com",
        "ann@exam ple.com",
        "Ann <ann@example.com>",
        "ann\0@example.com",
        "ann@exam\0ple.com",
        "ann\ud800@example.com",
        "ann@\ud800.com",
        "ann\u200d@example.com",
        "ann\u00a0lee@example.com",
        "a" * 65 + "@example.com",
        "é" * 33 + "@example.com",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(Refused) as refused:
        parse_email(address)
    assert refused.value.reason == "INVALID_FORMAT"


@pytest.mark.parametrize("address", ["", "   "])
def test_an_address_is_required(address):
    with pytest.raises(Refused) as refused:
        parse_email(address)
    assert refused.value.reason == "REQUIRED"


def test_an_address_has_at_most_254_characters():
    domain = ".".join(["a" * 61] * 3) + ".com"
    longest = "a" * (254 - len(domain) - 1) + "@" + domain
    assert len(parse_email(longest).key) == 254
    with pytest.raises(Refused) as refused:
        parse_email("a" + longest)
    assert refused.value.reason == "TOO_LONG"


def test_an_address_that_grows_too_long_when_it_is_normalised_is_refused():
    # One character that stands for eighteen: U+FDFA.
    with pytest.raises(Refused):
        parse_email("a@" + "\ufdfa" * 20 + ".com")
