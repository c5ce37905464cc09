"""A lock over processes.

It saves needless work and guards nothing: a process that was paused may go on believing that it holds it. What must not
happen twice is decided by compare-and-set in Postgres.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis

from adapters.live.connection import ANSWER_WITHIN, FAULTS
from adapters.live.lock_lease import Lease
from adapters.live.patience import pauses

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
_EXTEND = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""


class LockTaken(Exception):
    """Somebody else holds the lock, and did for as long as we were ready to wait."""


class LockUnavailable(Exception):
    """Redis does not answer, so nobody can say who holds the lock. The caller goes on without it, or does not."""


class LockLost(Exception):
    """The lock was lost while it was held; the work under it was cancelled."""


class DistributedLock:
    """One lock, by its name. Any number of tasks and processes may stand for it; one at a time holds it.

        async with lock.hold(within=2.0):
            ...  # cancelled when the lock is lost

    While it is held it is extended again and again. It is lost when the server does not know it as ours any more, and
    when it could not be extended in time: by this process's own clock, and before the server gives it to anybody else.
    """

    def __init__(self, redis: Redis, name: str, ttl: float = 10.0) -> None:
        """Take the seconds `ttl` after which the lock of a dead holder is free."""
        self._redis = redis
        self._key = f"fp:lock:{{{name}}}"
        self._ttl = ttl
        self._release = redis.register_script(_RELEASE)
        self._extend = redis.register_script(_EXTEND)

    @asynccontextmanager
    async def hold(self, within: float = 0.0) -> AsyncIterator[None]:
        """Hold the lock for a block; wait at most `within` seconds for it, and for a command that is under way.

        Raises LockTaken and LockUnavailable before the block, LockLost in place of what a cancelled block raises.
        """
        token = secrets.token_hex(16)
        until = await self._acquire(token, within)
        lease = Lease(until, self._ttl, lambda: self._extended(token))
        try:
            async with lease:
                yield
        finally:
            if not lease.lost:
                await self._free(token)
        if lease.lost:
            raise LockLost(f"{self._key} was lost.")

    async def _acquire(self, token: str, within: float) -> float:
        """Return until when the lock is ours, by the loop's clock."""
        clock = asyncio.get_running_loop().time
        give_up_at = clock() + within
        waits = pauses()
        while True:
            asked_at = clock()
            if await self._set(token):
                return asked_at + self._ttl
            pause = next(waits)
            if clock() + pause > give_up_at:
                raise LockTaken(f"{self._key} is taken.")
            await asyncio.sleep(pause)

    async def _set(self, token: str) -> bool:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return bool(await self._redis.set(self._key, token, nx=True, px=self._milliseconds))
        except FAULTS as fault:  # an answer lost on the way leaves a lock that ends with its time
            raise LockUnavailable(f"Nobody can say who holds {self._key}.") from fault

    async def _free(self, token: str) -> None:
        with suppress(*FAULTS):  # where the server is away, the lock ends with its time
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._release([self._key], [token])

    async def _extended(self, token: str) -> bool:
        return bool(await self._extend([self._key], [token, self._milliseconds]))

    @property
    def _milliseconds(self) -> int:
        return int(self._ttl * 1000)
