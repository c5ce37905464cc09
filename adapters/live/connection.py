"""Connections to Redis for live work: no hidden retries, and an end to every wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from domain.practice.log import LogUnavailable

CONNECT_WITHIN = 1.0
"""Seconds to open a connection, and to close one."""
ANSWER_WITHIN = 1.5
"""Seconds for a command, connecting and waiting for a free connection included. Usual is a millisecond."""

FAULTS = (RedisError, OSError)
"""What is raised when the server is away, refuses or answers too late (TimeoutError is an OSError)."""


def connection_pool(url: str, connections: int) -> BlockingConnectionPool:
    """Return a pool of at most `connections`; who finds none free waits.

    The client's own retries (ten by default) are off: a repeated XADD must be seen as such. So are its time limits:
    they use `asyncio.wait_for`, which before Python 3.12 can swallow the cancellation of our task; every command
    stands under an `asyncio.timeout` instead. RESP 2, because its answers have the same shape on every server version.
    """
    return BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=None,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=CONNECT_WITHIN,
        socket_timeout=None,
    )


def connect(url: str, connections: int) -> Redis:
    """Return a client with a pool of its own. It connects with its first command; `aclose` closes the pool too."""
    return Redis.from_pool(connection_pool(url, connections))


@asynccontextmanager
async def log_answers() -> AsyncIterator[None]:
    """Turn every fault of a command into LogUnavailable, after ANSWER_WITHIN at the latest."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            yield
    except FAULTS as fault:
        raise LogUnavailable("The log does not answer.") from fault
