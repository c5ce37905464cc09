"""How long, and how often, we try again."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from domain.practice.log import LogUnavailable

PATIENCE = 10.0
"""Seconds that writers and readers bear with a log that does not answer: a restart or a failover takes less."""
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.5

_T = TypeVar("_T")


def pauses() -> Iterator[float]:
    """Yield seconds to wait before each next try: doubling, and jittered so that many do not come back together."""
    pause = _FIRST_PAUSE
    while True:
        yield random.uniform(pause / 2, pause)  # noqa: S311 - spreads load, keeps no secret
        pause = min(2 * pause, _LONGEST_PAUSE)


async def persist(attempt: Callable[[], Awaitable[_T]], within: float) -> _T:
    """Return what `attempt` returns, tried again for `within` seconds. Raises the last LogUnavailable."""
    clock = asyncio.get_running_loop()
    give_up_at = clock.time() + within
    waits = pauses()
    while True:
        try:
            return await attempt()
        except LogUnavailable:
            pause = next(waits)
            if clock.time() + pause >= give_up_at:
                raise
        await asyncio.sleep(pause)
