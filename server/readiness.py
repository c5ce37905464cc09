"""Whether this process can serve: what it depends on, asked all at once and not too often."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

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
DEGRADED = "degraded"
"""Ready, though something is away that one can do without."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks said, by name: PASSING, FAILING or TIMED_OUT. Nothing in it is secret.

    Without what is `dispensable` the process serves too, if not as well.
    """

    outcomes: Mapping[str, str] = field(default_factory=dict)
    is_stopping: bool = False
    dispensable: Collection[str] = ()

    @property
    def is_ready(self) -> bool:
        """Whether requests may come."""
        needed = (outcome for name, outcome in self.outcomes.items() if name not in self.dispensable)
        return not self.is_stopping and all(outcome == PASSING for outcome in needed)

    @property
    def is_degraded(self) -> bool:
        """Whether a check does not pass that need not."""
        return self.is_ready and any(outcome != PASSING for outcome in self.outcomes.values())


class Readiness:
    """Runs named checks together. Once `stop` was called it is never ready again.

    Those named in `dispensable` are told and logged like the others, and decide nothing.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        clock: Callable[[], float] = time.monotonic,
        dispensable: Collection[str] = (),
    ) -> None:
        self._checks = dict(checks)
        self._dispensable = dispensable
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
        return replace(self._report, is_stopping=self.is_stopping)

    async def _ask(self) -> None:
        try:
            found = await asyncio.gather(*(_outcome(check) for check in self._checks.values()))
            before, outcomes = self._report.outcomes, dict(zip(self._checks, found, strict=True))
            for name, (outcome, why) in outcomes.items():
                _tell(name, before.get(name, PASSING), outcome, why)
            told = {name: outcome for name, (outcome, _) in outcomes.items()}
            self._report = Report(told, dispensable=self._dispensable)
            self._asked_at = self._clock()
            self.has_started = self.has_started or self._report.is_ready
        finally:
            self._asking = None


async def _outcome(check: Check) -> tuple[str, str]:
    """Return what became of a check, and why it does not pass."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await check()
    except TimeoutError:
        return TIMED_OUT, f"no answer within {TIMEOUT_SECONDS:g} s"
    except Exception as error:  # noqa: BLE001 - whatever a driver raises means the same here
        return FAILING, f"{type(error).__name__}: {error}"
    return PASSING, ""


def _tell(name: str, before: str, now: str, why: str) -> None:
    """Log a change, once: an engine that is away for an hour is one line and not thousands."""
    if now == before:
        return
    if now == PASSING:
        _logger.info("the check %r passes again", name)
    else:
        _logger.warning("the check %r does not pass: %s", name, why)
