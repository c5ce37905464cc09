"""Every violation of a command comes in one refusal."""

import pytest

from domain.shared.checks import Checks
from domain.shared.errors import InvalidRequest, Violation
from domain.shared.text import line, prose


def test_all_violations_are_collected_in_order() -> None:
    with pytest.raises(InvalidRequest) as caught, Checks() as check:
        check("name", line(2, 5), "x")
        check("title", line(2, 5), "good")
        check("notes", prose(1, 3), "far too long")
        check.refuse("terms", "REQUIRED", "The terms must be accepted.")
    assert [(v.field, v.reason) for v in caught.value.violations] == [
        ("name", "TOO_SHORT"),
        ("notes", "TOO_LONG"),
        ("terms", "REQUIRED"),
    ]
    assert caught.value.message == "Invalid: name, notes, terms."


def test_good_values_come_back_parsed() -> None:
    with Checks() as check:
        name = check("name", line(2, 50), "  Anne-Marie O'Brien ")
    assert name == "Anne-Marie O'Brien"


def test_another_error_in_the_block_is_not_hidden() -> None:
    with pytest.raises(KeyError), Checks() as check:
        check.refuse("a", "REQUIRED", "")
        raise KeyError


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "REQUIRED"),
        (" \u2003 ", "REQUIRED"),
        ("\u200b\u2060 \ufeff", "REQUIRED"),
        ("a\x00b", "INVALID_CHARACTER"),
        ("a\ud800b", "INVALID_CHARACTER"),
        ("a\nb", "INVALID_CHARACTER"),
        ("abcdef", "TOO_LONG"),
        ("a", "TOO_SHORT"),
        (" " * 1_000_000 + "abc", "TOO_LONG"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidRequest) as caught, Checks() as check:
        check("name", line(2, 5), text)
    assert caught.value.violations == (Violation("name", reason, caught.value.violations[0].message),)


def test_prose_may_have_line_ends_and_text_is_nfc() -> None:
    with Checks() as check:
        assert check("p", prose(1, 9), "a\nb\tc") == "a\nb\tc"
        assert check("n", line(1, 9), "e\u0301") == "é"
