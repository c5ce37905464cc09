"""Whether a Redis keeps what it is given: events, logs and jobs must never be evicted."""

import asyncio
import logging
from typing import Any

from redis.exceptions import RedisError, ResponseError

from adapters.live.connection import connect
from adapters.settings import PREFIX, Profile, Settings

_WITHIN = 5.0
"""Seconds for asking."""
_KEEPS = "noeviction"

_logger = logging.getLogger(__name__)


class RedisEvicts(Exception):
    """A Redis gives up what it holds when memory runs short; the message names the setting, and never its value."""


async def require_no_eviction(settings: Settings, redis_url: str) -> None:
    """Refuse, in production, a Redis that may evict; elsewhere, and where it does not say, log a warning.

    One that does not answer is not judged. Raises RedisEvicts.
    """
    told = f"{PREFIX}REDIS_URL: the server it names"
    try:
        policy = await _policy(redis_url)
    except ResponseError as error:
        _logger.warning("%s does not tell its maxmemory-policy (%s); it has to be %s", told, error, _KEEPS)
        return
    except (RedisError, OSError):  # TimeoutError is an OSError
        return
    if policy == _KEEPS:
        return
    problem = f"{told} has the maxmemory-policy {policy}, which loses events; set it to {_KEEPS}"
    if settings.profile is Profile.PRODUCTION:
        raise RedisEvicts(problem)
    _logger.warning("%s", problem)


async def _policy(url: str) -> str:
    client = connect(url, connections=1)
    try:
        async with asyncio.timeout(_WITHIN):
            found = await client.config_get("maxmemory-policy")
    finally:
        await client.aclose()
    policy: Any = next(iter(found.values()), None)
    if policy is None:
        raise ResponseError("it knows no such setting")
    return policy.decode() if isinstance(policy, bytes) else str(policy)
