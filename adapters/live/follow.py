"""One reader of one generation: delivery is a hint, the log decides."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from adapters.live.log_hub import LogHub
from adapters.live.log_reader import BEGINNING, PAGE
from adapters.live.patience import PATIENCE, persist
from adapters.live.silences import Silences
from adapters.live.subscription import Subscription
from domain.practice.log import Alive
from domain.practice.reply import LogEntry, Position

_ASKING = 5
"""With a log there, the database is asked after so many silences: its producer may have died with the last event."""


class Pages(Protocol):
    """Where a log is read. Every method raises LogUnavailable."""

    async def page(self, generation_id: UUID, after: Position) -> list[LogEntry]:
        """Return the entries after `after`, PAGE at most: fewer mean that there are no more."""

    async def exists(self, generation_id: UUID) -> bool:
        """Return whether there is a log."""


@dataclass(slots=True)
class Follower:
    """Reads a generation from `last` on.

    `watch` is told where live reading begins. After one of the `silences` the log is read again, and `alive` is asked
    each time while there is no log.
    """

    reader: Pages
    hub: LogHub
    watch: Callable[[UUID, Position], None]
    generation_id: UUID
    alive: Alive
    silences: Silences
    last: Position = BEGINNING
    _behind: bool = field(default=True, init=False)
    _over: bool = field(default=False, init=False)
    _silences: int = field(default=0, init=False)
    _patience: float = field(default=0.0, init=False)

    async def entries(self) -> AsyncGenerator[LogEntry, None]:
        """Yield the entries after `last`, as GenerationLog.follow has it."""
        live = self.hub.attach(self.generation_id)  # before the log is read: nothing can fall between the two
        found: Sequence[LogEntry] | None
        try:
            while True:
                if not self._behind:
                    found = self._next(live.take() or await live.arrival(self.silences))
                elif (found := await self._catch_up(live)) is None:
                    return
                for entry in found:
                    self.last = entry.position
                    self._silences = 0
                    yield entry
                    if entry.is_last:
                        return
        finally:
            self.hub.detach(live)

    def _next(self, entry: LogEntry | None) -> Sequence[LogEntry]:
        """Return a delivered entry if it is ours and nothing can lie between, else go back to the log."""
        if entry is None:
            self._behind = True
            self._silences += 1
            return ()
        if entry.position <= self.last:
            return ()
        if entry.position.attempt == self.last.attempt and entry.first == self.last.sequence + 1:
            return (entry,)
        self._behind = True  # a gap; a snapshot and a new attempt, rare as they are, are read from the log too
        return ()

    async def _catch_up(self, live: Subscription) -> Sequence[LogEntry] | None:
        """Return what the log has more, possibly nothing; None when nothing more can come."""
        live.clear()
        page = await self._page()
        if len(page) == PAGE:
            return page
        if not page and self._over:
            return None
        if not page and self._silences and not await self._may_go_on():
            self._over = True  # the last events may have been written just before `alive` was asked: one more look
        elif not self._over:
            self._behind = False
            self.watch(self.generation_id, page[-1].position if page else self.last)
        return page

    async def _page(self) -> list[LogEntry]:
        page = await persist(lambda: self.reader.page(self.generation_id, self.last), within=self._patience)
        self._patience = PATIENCE
        return page

    async def _may_go_on(self) -> bool:
        there = await persist(lambda: self.reader.exists(self.generation_id), within=PATIENCE)
        if there and self._silences % _ASKING:
            return True
        return await self.alive()
