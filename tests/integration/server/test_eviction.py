"""A Redis that may evict is refused in production, and told of elsewhere."""

import pytest
from integration.bus.stage import OwnValkey
from pydantic import SecretStr
from redis.asyncio import Redis

from adapters.settings import Profile, Settings
from server.eviction import RedisEvicts, require_no_eviction

PRODUCTION = Settings.model_construct(profile=Profile.PRODUCTION, redis_url=SecretStr("redis://:s3cret@elsewhere"))
DEVELOPMENT = Settings.model_construct(profile=Profile.DEVELOPMENT)


@pytest.fixture
async def valkey(tmp_path_factory):
    server = OwnValkey(tmp_path_factory.mktemp("v"))
    await server.start()
    yield server
    server.kill()


async def _set(valkey: OwnValkey, *command: str) -> None:
    client = Redis.from_url(valkey.url)
    await client.execute_command(*command)
    await client.aclose()


async def test_one_that_keeps_everything_is_welcome(valkey, caplog) -> None:
    await require_no_eviction(PRODUCTION, valkey.url)
    assert caplog.text == ""


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_one_that_evicts_is_refused_in_production(valkey, policy) -> None:
    await _set(valkey, "CONFIG", "SET", "maxmemory-policy", policy)
    with pytest.raises(RedisEvicts, match=f"FLUENTPRO_REDIS_URL: .* maxmemory-policy {policy}.* noeviction") as refusal:
        await require_no_eviction(PRODUCTION, valkey.url)
    assert "s3cret" not in str(refusal.value)


async def test_elsewhere_there_is_a_warning(valkey, caplog) -> None:
    await _set(valkey, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    await require_no_eviction(DEVELOPMENT, valkey.url)
    assert "maxmemory-policy allkeys-lru, which loses events" in caplog.text


async def test_one_that_does_not_tell_is_warned_of(valkey, caplog) -> None:
    await _set(valkey, "ACL", "SETUSER", "default", "-config")
    await require_no_eviction(PRODUCTION, valkey.url)
    assert "does not tell its maxmemory-policy" in caplog.text


async def test_one_that_does_not_answer_is_not_judged(caplog) -> None:
    await require_no_eviction(PRODUCTION, "redis://127.0.0.1:1")
    assert caplog.text == ""
