"""Keys and tokens of the tests' own."""

import pytest
from fakes.identity import SettableClock

from adapters.security.access_tokens import JwtAccessTokens
from adapters.security.signing_keys import SigningKeys, load_or_create_signing_keys


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> SigningKeys:
    return load_or_create_signing_keys(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture
def access(keys: SigningKeys, clock: SettableClock) -> JwtAccessTokens:
    return JwtAccessTokens(keys, clock)
