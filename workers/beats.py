"""The heart-beat of a process that runs jobs.

It is written by the loop that runs the jobs, through the connections they use: it stops when that loop is held, when
the process is stopped or gone, and when it no longer reaches the database. `celery inspect ping` tells none of this,
since another process answers it.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Coroutine, Set as AbstractSet
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from adapters.sql.worker_processes import WorkerProcesses
from domain.shared.errors import Unavailable

BEAT_SECONDS = 5.0
UNHEALTHY_SECONDS = 30.0
"""Without a beat for so long a process is unhealthy: six are missing."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Beats:
    """The beats of one process."""

    processes: WorkerProcesses
    node: str
    pid: int
    running: AbstractSet[UUID]
    seconds: float = BEAT_SECONDS

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """Beat within the block; at its end say that the process is gone."""
        beating = asyncio.create_task(self._run(), name="beats")
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait({beating})
            with suppress(Unavailable):
                await self.processes.remove(self.node, {self.pid})

    async def _run(self) -> None:
        await _try(self._bury())
        while True:
            await _try(self.processes.beat(self.node, self.pid, next(iter(self.running), None)))
            await asyncio.sleep(self.seconds)

    async def _bury(self) -> None:
        """Forget the processes of this node that are gone: nobody else knows that they were replaced."""
        known = await self.processes.of_node(self.node)
        dead = {pid for pid in known if not _lives(pid)}
        if dead:
            await self.processes.remove(self.node, dead)


async def _try(writing: Coroutine[Any, Any, None]) -> None:
    try:
        await writing
    except Unavailable as error:
        _log.warning("The beat has to wait: %s", error)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
