"""Waiting for a condition, and never for a time."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


class TooLong(AssertionError):
    """A condition did not come true in its time; the message names it."""


async def until(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> float:
    """Return once the condition, which may be async, holds: the seconds that took. Raises TooLong."""
    began = time.monotonic()
    while True:
        holds = condition()
        if await holds if inspect.isawaitable(holds) else holds:
            return time.monotonic() - began
        if time.monotonic() - began > seconds:
            raise TooLong(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(0.02)
