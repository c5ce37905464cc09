"""How long to wait between two tries."""

import asyncio
import random
from typing import Final

_FIRST: Final = 0.2
_LONGEST: Final = 5.0
"""Seconds. Shorter than the ten in which a refresh token gives the same answer again."""


class Backoff:
    """Waits: doubled each time up to a limit, half of each left to chance, so that phones do not come back in step."""

    def __init__(self) -> None:
        self._longest = _FIRST

    def reset(self) -> None:
        """Begin with short waits again: something worked."""
        self._longest = _FIRST

    async def wait(self, at_least: float = 0.0) -> None:
        """Wait; never shorter than the server asked for."""
        wait = random.uniform(self._longest / 2, self._longest)  # noqa: S311 - no secret
        self._longest = min(self._longest * 2, _LONGEST)
        await asyncio.sleep(at_least + wait)
