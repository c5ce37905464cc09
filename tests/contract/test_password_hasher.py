"""What every password hasher does."""

import pytest
from fakes.identity import FakePasswordHasher

from adapters.security.passwords import Argon2Passwords


@pytest.fixture(params=["fake", "argon2"])
def hashers(request):
    """A hasher, and one with parameters of another day."""
    if request.param == "fake":
        yield FakePasswordHasher("v2"), FakePasswordHasher("v1")
        return
    pair = Argon2Passwords(), Argon2Passwords(memory=1024, passes=1)
    yield pair
    for hasher in pair:
        hasher.close()


@pytest.mark.parametrize("password", ["correct horse battery", "密码密码密码密码密码", "🔑" * 32])
async def test_a_hash_is_verified_by_its_password_alone(hashers, password):
    hasher, _ = hashers
    hashed = await hasher.hash(password)
    assert await hasher.verify(password, hashed)
    assert not await hasher.verify(password + " ", hashed)
    assert password not in hashed


async def test_the_same_password_has_another_hash_each_time(hashers):
    hasher, _ = hashers
    assert await hasher.hash("correct horse battery") != await hasher.hash("correct horse battery")


async def test_a_hash_of_other_parameters_still_verifies_and_is_outdated(hashers):
    hasher, other = hashers
    hashed = await other.hash("correct horse battery")
    assert await hasher.verify("correct horse battery", hashed)
    assert hasher.is_outdated(hashed)
    assert not hasher.is_outdated(await hasher.hash("correct horse battery"))


async def test_what_is_no_hash_verifies_nothing(hashers):
    hasher, _ = hashers
    assert not await hasher.verify("correct horse battery", "no hash")
