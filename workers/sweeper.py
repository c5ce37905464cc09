"""Finds the replies whose producer is gone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NoReturn, Protocol
from uuid import uuid4

from adapters.live.distributed_lock import LockLost, LockTaken, LockUnavailable
from domain.practice.model import Generation
from domain.practice.ports import PracticeReads
from domain.practice.recovery import RecoverReply
from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from domain.shared.origin import Origin, current_origin
from domain.shared.tasks import contained

SWEEP_SECONDS = 5.0
"""Between two sweeps: with the lease, a reader of a dead reply waits at most 20 s for its end."""
LOCK_SECONDS = 3.0
"""After which the lock of a process that died is free."""
STAND_SECONDS = 1.0
"""Between two looks whether it is. Where the process that swept died too, a reader waits so much longer for its end."""
MOST_AT_ONCE = 100
"""Replies taken care of in one sweep; the rest come with the next."""

_log = logging.getLogger(__name__)


class Lock(Protocol):
    """What one process of all holds at a time: `adapters.live.distributed_lock.DistributedLock`."""

    def hold(self) -> AbstractAsyncContextManager[None]:
        """Hold it for a block. Raises LockTaken, LockUnavailable and LockLost."""
        ...


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Takes care of replies that nobody took in time, and of those whose producer has let its lease lapse.

    Any number of processes may sweep: who takes a reply over is decided by its lease. The lock only saves them from
    looking for the same; while nobody can say who holds it, each sweeps.
    """

    reads: PracticeReads
    recover: RecoverReply
    clock: Clock
    lock: Lock
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self) -> NoReturn:
        """Sweep until cancelled, whenever no other process does.

        What goes wrong in one sweep is logged and tried again in the next.
        """
        while True:
            try:
                async with self.lock.hold():
                    await self._sweep_on()
            except LockTaken:
                await self.pause(STAND_SECONDS)
            except LockLost:
                _log.warning("This process sweeps no more: it has lost the lock.")
            except LockUnavailable:
                await self._round()

    async def _sweep_on(self) -> NoReturn:
        while True:
            await self._round()

    async def _round(self) -> None:
        current_origin.set(Origin(correlation_id=str(uuid4()), actor="system:sweeper"))
        try:
            await self.sweep()
        except Unavailable as error:
            _log.warning("The sweep has to wait: %s", error)
        await self.pause(SWEEP_SECONDS)

    async def sweep(self) -> int:
        """Take care of what has lapsed by now; return how many replies that were. Raises Unavailable."""
        async with self.reads() as reads:
            lapsed = await reads.generations.lapsed(self.clock(), MOST_AT_ONCE)
        for generation in lapsed:
            await self._care(generation)
        return len(lapsed)

    async def _care(self, generation: Generation) -> None:
        with contained(_log, "Generation %s could not be taken care of.", generation.id):
            await self.recover(generation)
