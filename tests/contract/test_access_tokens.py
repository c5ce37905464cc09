"""What every issuer of access tokens does."""

from uuid import UUID

import pytest
from fakes.identity import FakeAccessTokens, SettableClock

from adapters.security.access_tokens import JwtAccessTokens
from adapters.security.signing_keys import load_or_create_signing_keys
from domain.identity.errors import TokenExpired, TokenInvalid
from domain.identity.model import ACCESS_TOKEN_LIFETIME, Identity, VerifiedToken

ANN = Identity(UUID(int=1), UUID(int=2))


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture(params=["fake", "jwt"])
def access(request, clock, tmp_path):
    if request.param == "fake":
        return FakeAccessTokens(clock)
    return JwtAccessTokens(load_or_create_signing_keys(tmp_path / "keys.json"), clock)


def test_a_token_says_whose_it_is_and_until_when(access, clock):
    assert access.verify(access.issue(ANN)) == VerifiedToken(ANN, clock.now + ACCESS_TOKEN_LIFETIME)


def test_a_token_expires(access, clock):
    token = access.issue(ANN)
    clock.now += ACCESS_TOKEN_LIFETIME
    with pytest.raises(TokenExpired):
        access.verify(token)


def test_what_was_never_issued_is_invalid(access):
    with pytest.raises(TokenInvalid):
        access.verify("forged")


def test_keys_are_published(access):
    assert all("kid" in key for key in access.public_keys()["keys"])
