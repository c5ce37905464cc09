"""What every source of refresh tokens does."""

import re

import pytest
from fakes.identity import FakeRefreshTokens

from adapters.security.refresh_tokens import HmacRefreshTokens


@pytest.fixture(params=[FakeRefreshTokens, lambda: HmacRefreshTokens(b"s" * 32)], ids=["fake", "hmac"])
def source(request):
    return request.param()


def test_every_first_token_is_another(source):
    assert len({source.first() for _ in range(100)}) == 100


def test_a_token_has_one_successor_and_each_another(source):
    one, other = source.first(), source.first()
    assert source.successor(one) == source.successor(one)
    assert len({one, other, source.successor(one), source.successor(other)}) == 4
    assert source.successor(source.successor(one)) != source.successor(one)


def test_tokens_are_32_bytes_in_base64url_and_their_successors_depend_on_the_secret():
    ours, theirs = HmacRefreshTokens(b"s" * 32), HmacRefreshTokens(b"t" * 32)
    token = ours.first()
    assert ours.successor(token) != theirs.successor(token)
    assert ours.successor("\ud800") != token
    for made in (token, ours.successor(token)):
        assert re.fullmatch("[A-Za-z0-9_-]{43}", made)
