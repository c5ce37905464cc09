"""Page sizes and page tokens."""

import pytest
from hypothesis import given, strategies as st

from domain.shared.errors import InvalidRequest
from domain.shared.pages import Page, PageRequest, page_token, parse_page


@pytest.mark.parametrize(("asked", "given_size"), [(0, 20), (1, 1), (100, 100), (101, 100), (2**31 - 1, 100)])
def test_the_size_has_a_default_and_a_maximum(asked: int, given_size: int) -> None:
    assert parse_page(asked, "", "list") == PageRequest(given_size, None)


@given(position=st.text(min_size=1).filter(lambda text: text.isprintable()), scope=st.text(max_size=20))
def test_a_token_gives_its_position_back(position: str, scope: str) -> None:
    position = position.encode("utf-8", "ignore").decode()
    scope = scope.encode("utf-8", "ignore").decode()
    token = page_token(Page((), position), scope)
    assert parse_page(5, token, scope) == PageRequest(5, position)


def test_the_last_page_has_no_token() -> None:
    assert page_token(Page(("x",)), "list") == ""


@pytest.mark.parametrize("token", ["%%%", "AAAA", "ä", "A", page_token(Page((), "7"), "another list")])
def test_a_token_of_another_list_is_refused(token: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_page(5, token, "list")
    assert [violation.field for violation in caught.value.violations] == ["page_token"]


def test_a_bad_size_and_a_bad_token_are_both_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_page(-1, "?", "list")
    assert [violation.field for violation in caught.value.violations] == ["page_size", "page_token"]
