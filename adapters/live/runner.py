"""The productions of this process."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from domain.practice.interruption import Interruption, Reason
from domain.practice.model import Generation

MOST_PRODUCTIONS = 1000
"""Replies that a process makes at once. One core was measured to stream half as many again at full pace, from a model
that costs it nothing (docs/reference/benchmarks.md)."""

Produce = Callable[[Generation, Interruption], Coroutine[Any, Any, None]]
"""Produces a generation to its end, or until it is interrupted: `domain.practice.production.ProduceReply`."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Production:
    task: asyncio.Task[None]
    interruption: Interruption


class LocalRunner:
    """Implements `domain.practice.ports.ProductionRunner`: a task a generation, each kept until it has ended."""

    def __init__(self, produce: Produce, most: int = MOST_PRODUCTIONS) -> None:
        self._produce = produce
        self._most = most
        self._productions: dict[UUID, _Production] = {}
        self._stopping = False

    def __len__(self) -> int:
        """How many run."""
        return len(self._productions)

    def start(self, generation: Generation) -> None:
        """Produce it in the background, unless it runs already, there are too many, or the process is stopping."""
        if self._stopping or generation.id in self._productions or len(self) >= self._most:
            return
        interruption = Interruption()
        task = asyncio.create_task(self._produce(generation, interruption), name=f"reply {generation.id}")
        self._productions[generation.id] = _Production(task, interruption)
        task.add_done_callback(partial(self._ended, generation.id))

    def cancel(self, generation_id: UUID) -> None:
        """Stop its production, if it runs here: what listens to the doorbell."""
        production = self._productions.get(generation_id)
        if production is not None:
            production.interruption.ask(Reason.CANCELLED)

    async def stop(self, grace: float) -> None:
        """Start no more, give those that run `grace` seconds, then have the rest break off and wait for that."""
        self._stopping = True
        tasks = [production.task for production in self._productions.values()]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _ended(self, generation_id: UUID, task: asyncio.Task[None]) -> None:
        del self._productions[generation_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("The production of generation %s failed.", generation_id, exc_info=error)
