"""Work that one process of all does at a time."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from adapters.sql.leadership import BEAT_SECONDS, Candidate, LeadershipLost, Term
from adapters.telemetry.background_metrics import BackgroundMetrics
from domain.shared.errors import Unavailable
from workers.stopping import Stopping, first_of, rest

CANDIDATE_SECONDS = 1.0
"""Between two tries of who does not lead, and after an outage of the database."""

LedWork: TypeAlias = Callable[[Term, Stopping], Awaitable[None]]
"""Works for as long as it leads or until it is asked to stop; cancelled at once when the leadership is lost."""

_log = logging.getLogger(__name__)


class Led:
    """Does the work whenever this process leads."""

    def __init__(self, candidate: Candidate, work: LedWork, metrics: BackgroundMetrics) -> None:
        self._candidate = candidate
        self._work = work
        self._metrics = metrics
        metrics.leads(candidate.name, leads=False)

    async def run(self, stopping: Stopping) -> None:
        """Stand for the leadership again and again until asked to stop. Raises what the work raises."""
        try:
            while not stopping.is_set():
                term = await self._stand()
                if term is None:
                    await rest(stopping, CANDIDATE_SECONDS)
                else:
                    await self._lead(term, stopping)
        finally:
            await self._candidate.withdraw()

    async def _stand(self) -> Term | None:
        try:
            return await self._candidate.stand()
        except Unavailable as error:
            _log.debug("Nobody can say who leads %s: %s", self._candidate.name, error)
            return None

    async def _lead(self, term: Term, stopping: Stopping) -> None:
        name = self._candidate.name
        _log.info("This process leads %s.", name)
        self._metrics.leads(name, leads=True)
        try:
            await first_of(self._work(term, stopping), _beat(term))
        except LeadershipLost as error:
            _log.warning("This process does not lead %s any more: %s", name, error)
        finally:
            self._metrics.leads(name, leads=False)
            await term.end()


async def _beat(term: Term) -> None:
    """Say that we lead until we do not. Raises LeadershipLost."""
    while not term.lost.is_set():
        await term.beat()
        await rest(term.lost, BEAT_SECONDS)
    raise LeadershipLost("the connection ended")
