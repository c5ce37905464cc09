"""Trying again what the database undid in favour of somebody else's transaction."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from domain.shared.errors import TransactionConflict

TRIES = 3
"""In all. Two transactions that wait for each other are one deadlock: whoever lost it wins the next time."""
_LONGEST_PAUSE = 0.02  # seconds: as long as a few transactions take

_Result = TypeVar("_Result")


async def retried(work: Callable[[], Awaitable[_Result]], tries: int = TRIES) -> _Result:
    """Return what `work` gives, called up to `tries` times. Raises TransactionConflict when it was undone each time."""
    for _ in range(tries - 1):
        try:
            return await work()
        except TransactionConflict:
            await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 - spreads load, keeps no secret
    return await work()
