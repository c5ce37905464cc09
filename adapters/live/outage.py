"""What this process knows of an outage of Redis, so that not every reply has to find it out by waiting."""

import asyncio

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from adapters.live.connection import log_answers
from adapters.live.keys import probe_key
from domain.practice.log import LogUnavailable

PROBE_SECONDS = 1.0
"""Between two looks whether it is over."""
_LIFE = 10


class Outage:
    """Whether Redis was found away, and, by looking each second, whether it is back."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._probing: asyncio.Task[None] | None = None
        self._silent = False

    @property
    def lasts(self) -> bool:
        """Whether what is written does not land, as far as is known."""
        return self._probing is not None and not self._probing.done()

    def check(self) -> None:
        """Raise LogUnavailable when a read would only wait in vain."""
        if self._silent:
            raise LogUnavailable("The log was away a moment ago.")

    def begin(self) -> None:
        """Note that a write has waited for too long."""
        if not self.lasts:
            self._probing = asyncio.create_task(self._probe(), name="probe the log")

    async def close(self) -> None:
        """Look no more."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)

    async def _probe(self) -> None:
        try:
            while not await self._is_over():  # noqa: ASYNC110 - nothing tells but the server itself
                await asyncio.sleep(PROBE_SECONDS)
        finally:
            self._silent = False

    async def _is_over(self) -> bool:
        """Write something: a server that is out of memory or only a replica answers, but is of no use."""
        try:
            async with log_answers():
                await self._redis.set(probe_key(), 1, ex=_LIFE)
        except LogUnavailable as fault:
            self._silent = not isinstance(fault.__cause__, ResponseError)
            return False
        return True
