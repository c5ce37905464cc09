"""All background work of a process, started and stopped together."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from adapters.telemetry.background_metrics import BackgroundMetrics
from workers.supervisor import Part, Supervisor

STOP_SECONDS = 10.0
"""What is in hand when a process is asked to stop may take so long."""
RETRY_SECONDS = 1.0
"""Between two looks whether the database can be worked with."""
LAST_WITHIN = 5.0
"""Seconds for the last act."""

_log = logging.getLogger(__name__)

Act = Callable[[], Awaitable[object]]


class Background:
    """Runs parts once `usable` raises nothing any more; when they have stopped, `last` is done.

    `usable` asks whether the database can be worked with. Neither it nor an engine that is away ends the process.
    """

    def __init__(self, parts: Sequence[Part], metrics: BackgroundMetrics, usable: Act, last: Act) -> None:
        self._names = ", ".join(part.name for part in parts)
        self._supervisor = Supervisor(parts, metrics)
        self._usable = usable
        self._last = last
        self._beginning: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, as soon as the database can be worked with."""
        self._beginning = asyncio.create_task(self._begin(), name="background")

    async def stop(self, grace: float) -> None:
        """Take nothing new, end what is in hand within `grace` seconds, and do the last act; with 0 at once."""
        began = await self._end_beginning()
        await self._supervisor.stop(grace)
        if began and grace:
            await self._do_last()

    async def _begin(self) -> None:
        told = False
        while (fault := await self._fault()) is not None:
            if not told:
                reason = str(fault).partition("\n")[0]  # a driver's further lines show its statement
                _log.warning("Background work has to wait for the database: %s", reason)
            told = True
            await asyncio.sleep(RETRY_SECONDS)
        self._supervisor.start()
        _log.info("background runs: %s", self._names)

    async def _fault(self) -> Exception | None:
        try:
            await self._usable()
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, it cannot be worked with yet
            return error
        return None

    async def _end_beginning(self) -> bool:
        """Return whether the parts had been started."""
        if self._beginning is None:
            return False
        began = self._beginning.done() and not self._beginning.cancelled()
        self._beginning.cancel()
        with suppress(asyncio.CancelledError):
            await self._beginning
        return began

    async def _do_last(self) -> None:
        try:
            async with asyncio.timeout(LAST_WITHIN):
                await self._last()
        except Exception as error:  # noqa: BLE001 - we stop whatever becomes of it
            _log.warning("The last act did not come about: %s: %s", type(error).__name__, error)
