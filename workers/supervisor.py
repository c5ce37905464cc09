"""Keeping the parts of background work running, each for itself."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.telemetry.background_metrics import BackgroundMetrics
from domain.shared.tasks import contained
from workers.stopping import Run, Stopping, rest

FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
"""Seconds before a part that failed is started again: twice as many each time."""
SOUND_AFTER = 60.0
"""Seconds after which a part that fails is taken for one that had been sound."""
CANCELLED_WITHIN = 3.0
"""Seconds that a part gets to let go once it is cancelled: closing a connection that is cut off takes two."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that runs, and its name for people."""

    name: str
    run: Run


class Supervisor:
    """Runs parts: one that fails is logged and started again, and takes no other down."""

    def __init__(self, parts: Sequence[Part], metrics: BackgroundMetrics) -> None:
        self._parts = parts
        self._metrics = metrics
        self._stopping: Stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start every part."""
        self._tasks = [asyncio.create_task(self._keep(part), name=part.name) for part in self._parts]

    async def stop(self, grace: float) -> None:
        """Ask the parts to stop, give them `grace` seconds, and cancel those that are not done by then."""
        self._stopping.set()
        late = await _ended(self._tasks, grace)
        for task in late:
            _log.warning("The %s did not end in time.", task.get_name())
            task.cancel()
        await _ended(late, CANCELLED_WITHIN)

    async def _keep(self, part: Part) -> None:
        loop = asyncio.get_running_loop()
        delay = FIRST_DELAY
        while not self._stopping.is_set():
            started = loop.time()
            await self._once(part)
            if self._stopping.is_set():
                return
            delay = FIRST_DELAY if loop.time() - started >= SOUND_AFTER else delay
            self._metrics.restarted(part.name)
            _log.warning("The %s is started again in %g s.", part.name, delay)
            await rest(self._stopping, delay)
            delay = min(2 * delay, LONGEST_DELAY)

    async def _once(self, part: Part) -> None:
        with contained(_log, "The %s failed.", part.name):
            await part.run(self._stopping)


async def _ended(tasks: Sequence[asyncio.Task[None]], within: float) -> list[asyncio.Task[None]]:
    """Return the tasks that have not ended within so many seconds."""
    if not tasks:
        return []
    _done, late = await asyncio.wait(tasks, timeout=within)
    return list(late)
