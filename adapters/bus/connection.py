"""Connections to the Redis of the bus: an end to every wait, and one name for every fault."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

BUS_WITHIN = 5.0
"""Seconds for a command, connecting included: a batch of some megabytes takes tens of milliseconds."""


class BusUnavailable(Exception):
    """Redis is away, refuses or does not answer in time; the message says which."""


@asynccontextmanager
async def bus_answers(within: float = BUS_WITHIN) -> AsyncIterator[None]:
    """Turn every fault of a command into BusUnavailable, after `within` seconds at the latest."""
    try:
        async with asyncio.timeout(within):
            yield
    except TimeoutError as fault:
        raise BusUnavailable(f"no answer within {within:g} s") from fault
    except (RedisError, OSError) as fault:
        raise BusUnavailable(f"{type(fault).__name__}: {fault}") from fault
