"""Whether this process can serve: what it depends on, asked all at once and not too often."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

_logger = logging.getLogger(__name__)

CACHE_SECONDS = 1.0
"""How long an outcome holds, so that many probes cost as much as one."""
TIMEOUT_SECONDS = 1.0
"""How long one check may take; probes wait for little more by default (Kubernetes: 1 s)."""

Check = Callable[[], Awaitable[object]]
"""Asks one thing that we depend on; raises when it does not serve."""

PASSING = "passing"
FAILING = "failing"
TIMED_OUT = "timed out"
STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks said, by name: PASSING, FAILING or TIMED_OUT. Nothing in it is secret."""

    outcomes: Mapping[str, str] = field(default_factory=dict)
    is_stopping: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether requests may come."""
        return not self.is_stopping and all(outcome == PASSING for outcome in self.outcomes.values())


class Readiness:
    """Runs named checks together. Once `stop` was called it is never ready again."""

    def __init__(self, checks: Mapping[str, Check], clock: Callable[[], float] = time.monotonic) -> None:
        self._checks = dict(checks)
        self._clock = clock
        self._report = Report()
        self._asked_at: float | None = None
        self._asking: asyncio.Task[None] | None = None
        self.is_stopping = False
        self.has_started = False
        """Whether it has ever been ready."""

    def stop(self) -> None:
        """Be not ready from now on."""
        self.is_stopping = True

    async def report(self) -> Report:
        """Return what the checks say, at most CACHE_SECONDS old."""
        if self._asked_at is None or self._clock() - self._asked_at >= CACHE_SECONDS:
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask())
            await asyncio.shield(self._asking)  # a prober that leaves takes nothing away from the others
        return Report(self._report.outcomes, is_stopping=self.is_stopping)

    async def _ask(self) -> None:
        try:
            outcomes = await asyncio.gather(*(_outcome(name, check) for name, check in self._checks.items()))
            before, self._report = self._report, Report(dict(zip(self._checks, outcomes, strict=True)))
            self._asked_at = self._clock()
            self.has_started = self.has_started or self._report.is_ready
            if before.outcomes != self._report.outcomes:
                _logger.info("readiness: %s", dict(self._report.outcomes))
        finally:
            self._asking = None


async def _outcome(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await check()
    except TimeoutError:
        return TIMED_OUT
    except Exception:  # whatever a driver raises means the same here
        _logger.warning("the check %r fails", name, exc_info=True)
        return FAILING
    return PASSING
