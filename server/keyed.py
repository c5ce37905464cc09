"""A call whose request has an idempotency key."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.sql.answers import Answers
from domain.shared.once import Once

WAIT_SECONDS = 1.0
"""How long a repeat waits for the first to end, without holding anything."""
_LOOK_EVERY = 0.05
_REPLAYED = ("idempotency-replayed", "true")


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request with a key: where its answer may be, and how it is read."""

    once: Once
    answers: Answers
    parse: Callable[[bytes], Any]
    trailers: list[tuple[str, str]]

    async def replayed(self) -> Any | None:
        """Return the answer that was given before; None when there is none. Raises IdempotencyKeyReused."""
        kept = await self.answers.find(self.once)
        return None if kept is None else self.replay(kept)

    def replay(self, kept: bytes) -> Any:
        """Return a kept answer, and say so in the trailers."""
        self.trailers.append(_REPLAYED)
        return self.parse(kept)

    async def wait(self) -> Any | None:
        """Return the answer that somebody else is about to keep; None when none came in time."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            await asyncio.sleep(_LOOK_EVERY)
            if (answer := await self.replayed()) is not None:
                return answer
        return None
