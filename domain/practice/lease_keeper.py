"""Keeping the leases of a process: those that are due at about the same time are renewed together."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from time import monotonic

from domain.practice.attempt import Attempt
from domain.practice.interruption import Reason
from domain.practice.leases import RENEW_SECONDS, Leases
from domain.practice.log import Fenced
from domain.shared.errors import Unavailable
from domain.shared.retrying import retried
from domain.shared.tasks import contained

TOGETHER = 100
"""Renewals in one transaction: with the text of each, some 200 KB at the end of long replies."""
KEEPING = "keep leases"
"""The name of the task, by which lists of tasks show it."""
_LOOKS = 20
"""Looks during the time after which a lease is renewed: so much of it may a renewal come late, to come with others."""

_log = logging.getLogger(__name__)


class LeaseKeeper:
    """Renews each lease that it keeps every so many seconds; one a process.

    With a transaction for each renewal, 500 replies at once spent a sixth of their CPU on them. `now` gives seconds,
    counted from anywhere.
    """

    def __init__(self, leases: Leases, every: float = RENEW_SECONDS, now: Callable[[], float] = monotonic) -> None:
        self._leases = leases
        self._every = every
        self._now = now
        self._due: dict[Attempt, float] = {}
        """When each is renewed next, the soonest first."""
        self._keeping: asyncio.Task[None] | None = None
        self._alone: set[asyncio.Task[None]] = set()

    @contextmanager
    def keeping(self, attempt: Attempt) -> Iterator[None]:
        """Renew its lease during the block, and stop it when the lease is lost or the learner wants no more of it."""
        self._due[attempt] = self._now() + self._every
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep(), name=KEEPING)
        try:
            yield
        finally:
            del self._due[attempt]

    async def close(self) -> None:
        """Renew nothing more."""
        tasks = [*self._alone, *([self._keeping] if self._keeping else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self) -> None:
        """Go on while there is a lease to keep."""
        try:
            while self._due:
                await asyncio.sleep(self._every / _LOOKS)
                due = self._take()
                for start in range(0, len(due), TOGETHER):
                    # Without the database nobody can take one over; whose lapses by a fault of ours is fenced.
                    with contained(_log, "Leases could not be renewed."), suppress(Unavailable):
                        await self._renew(due[start : start + TOGETHER])
        finally:
            self._keeping = None

    def _take(self) -> Sequence[Attempt]:
        """Return those that are due; they will be again."""
        now = self._now()
        due = [attempt for attempt, _ in takewhile(lambda each: each[1] <= now, self._due.items())]
        for attempt in due:
            del self._due[attempt]
            self._due[attempt] = now + self._every
        return due

    async def _renew(self, due: Sequence[Attempt]) -> None:
        renewed = await retried(lambda: self._leases.renew_all([(each.held, each.checkpoint()) for each in due]))
        for attempt in due:
            if attempt.held.id not in renewed:
                self._look_at(attempt)
            elif renewed[attempt.held.id] is not None:
                attempt.interruption.ask(Reason.CANCELLED)

    def _look_at(self, attempt: Attempt) -> None:
        """Renew one that was not renewed with the others: it is lost, has ended, or somebody else has its row now."""
        task = asyncio.create_task(self._renew_alone(attempt), name=f"keep the lease of {attempt.held.id}")
        self._alone.add(task)
        task.add_done_callback(self._alone.discard)

    async def _renew_alone(self, attempt: Attempt) -> None:
        with suppress(Unavailable):
            try:
                renewed = await attempt.renew()
            except Fenced:
                attempt.interruption.ask(Reason.LEASE_LOST)
            else:
                if renewed.cancel_requested_at is not None:
                    attempt.interruption.ask(Reason.CANCELLED)
