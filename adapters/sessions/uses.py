"""When sessions were used, gathered in this process and told on in the background."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from adapters.sessions.copies import CopiesUnavailable, SessionCopies, Use
from domain.identity.model import Session
from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from domain.shared.tasks import contained

NOTED_EVERY = timedelta(seconds=30)
"""Between two notes of one session: a token that is verified at every call must not be one at every call."""
GATHER_SECONDS = 0.5
"""How long uses are gathered, so that a busy process sends many at a time."""
MOST_WAITING = 10_000
"""Sessions whose use waits to be told, some 5 MB; beyond that a use is not noted: the next one comes in a minute."""
_AT_ONCE = 200

SaveUses = Callable[[Mapping[UUID, datetime]], Awaitable[None]]
"""Writes when sessions were last used to the database. Raises Unavailable."""

_log = logging.getLogger(__name__)


class SessionUses:
    """Notes uses without waiting. The copies say which of them the database is to be told of; without them, all are."""

    def __init__(self, copies: SessionCopies, save: SaveUses, clock: Clock) -> None:
        self._copies = copies
        self._save = save
        self._clock = clock
        self._waiting: dict[UUID, Use] = {}
        self._noted: OrderedDict[UUID, datetime] = OrderedDict()  # the one noted first comes first
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def note(self, session: Session, written: datetime) -> None:
        """Note that a session was used at its `last_seen_at`; `written` is what the database had until then."""
        noted = self._noted.get(session.id)
        if noted is not None and session.last_seen_at - noted < NOTED_EVERY:
            return
        if len(self._waiting) >= MOST_WAITING:
            return
        self._noted[session.id] = session.last_seen_at
        self._noted.move_to_end(session.id)
        self._waiting[session.id] = Use(session, written)
        self._some.set()

    def start(self) -> None:
        """Tell on what is noted from now on."""
        self._task = asyncio.create_task(self._run(), name="session uses")

    async def stop(self) -> None:
        """Tell on the last of it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self.flush()

    async def flush(self) -> None:
        """Tell on everything that waits. What neither Redis nor the database takes is dropped: uses repeat."""
        self._some.clear()
        while self._waiting:
            ids = list(islice(self._waiting, _AT_ONCE))
            await self._tell([self._waiting.pop(each) for each in ids])
        self._forget()

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            await asyncio.sleep(GATHER_SECONDS)
            with contained(_log, "The use of sessions could not be told on."):
                await self.flush()

    async def _tell(self, uses: Sequence[Use]) -> None:
        try:
            due = await self._copies.touch(uses, self._clock())
        except CopiesUnavailable:
            due = list(uses)
        if not due:
            return
        try:
            await self._save({use.session.id: use.session.last_seen_at for use in due})
        except Unavailable as error:
            _log.warning("The use of %d sessions is lost: %s", len(due), error)

    def _forget(self) -> None:
        old = self._clock() - NOTED_EVERY
        while self._noted and next(iter(self._noted.values())) <= old:
            self._noted.popitem(last=False)
