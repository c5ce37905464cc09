"""The logs that this process keeps in its own memory while Redis is away."""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from operator import attrgetter
from uuid import UUID

from domain.practice.recovery import said
from domain.practice.reply import LogEntry, Position, ReplyEvent, Reset, Snapshot

MOST_ENTRIES = 512
"""Entries of one log: with a few hundred bytes beside the text of each, some 150 KB. Then all become one snapshot."""
KEPT_SECONDS = 60.0
"""How long readers may take over the rest of a reply that has ended. Then they get it from the database."""
LINGERING_SECONDS = 5.0
"""How long it stays without a reader: a short reply can be over before the one who asked for it looks."""


class LocalLog:
    """The log of one attempt, from the entry after `start` on."""

    def __init__(self, start: Position) -> None:
        self.last_sequence = start.sequence
        self._attempt = start.attempt
        self._entries: list[LogEntry] = []
        self._over_since: float | None = None

    def append(self, event: ReplyEvent) -> LogEntry:
        """Keep an event; return the entry that it has become."""
        self.last_sequence += 1
        entry = LogEntry(Position(self._attempt, self.last_sequence), self.last_sequence, event)
        if len(self._entries) >= MOST_ENTRIES:
            self._join()
        self._entries.append(entry)
        return entry

    def _join(self) -> None:
        last = self._entries[-1].position
        self._entries = [LogEntry(last, last.sequence, Snapshot(said(self._entries)))]

    @property
    def entries(self) -> Sequence[LogEntry]:
        """All entries."""
        return self._entries

    def page(self, after: Position, most: int) -> list[LogEntry]:
        """Return up to `most` entries after `after`."""
        start = bisect_right(self._entries, after, key=attrgetter("position"))
        return self._entries[start : start + most]

    def holds(self, position: Position) -> bool | None:
        """Return whether a reader can go on after `position`; None when that was before this log."""
        start = bisect_left(self._entries, position, key=attrgetter("position"))
        found = self._entries[start : start + 1]
        if not found:
            return None if position <= Position(self._attempt, self.last_sequence) else False
        if found[0].position == position or isinstance(found[0].event, Snapshot | Reset):
            return True
        return None if start == 0 else False

    def is_over(self, now: float, *, followed: bool) -> bool:
        """Return whether nobody needs it any more. `now` counts from anywhere, in seconds, and from call to call."""
        if not self.has_ended:
            return False
        if self._over_since is None:
            self._over_since = now
        return now - self._over_since >= (KEPT_SECONDS if followed else LINGERING_SECONDS)

    @property
    def has_ended(self) -> bool:
        """Whether its last event was written."""
        return bool(self._entries) and self._entries[-1].is_last


class LocalLogs:
    """All of them."""

    def __init__(self) -> None:
        self._logs: dict[UUID, LocalLog] = {}

    def __len__(self) -> int:
        return len(self._logs)

    def __contains__(self, generation_id: UUID) -> bool:
        return generation_id in self._logs

    def get(self, generation_id: UUID) -> LocalLog | None:
        """Return the log of a generation, if it has one here."""
        return self._logs.get(generation_id)

    def begin(self, generation_id: UUID, start: Position) -> LocalLog:
        """Return a new log, in place of one that there may be."""
        log = self._logs[generation_id] = LocalLog(start)
        return log

    def drop(self, generation_id: UUID, log: LocalLog | None) -> None:
        """Forget `log`, unless another one has taken its place."""
        if self._logs.get(generation_id) is log:
            self._logs.pop(generation_id, None)

    def sweep(self, is_followed: Callable[[UUID], bool]) -> None:
        """Forget the logs that are over."""
        now = asyncio.get_running_loop().time()
        for generation_id, log in list(self._logs.items()):
            if log.is_over(now, followed=is_followed(generation_id)):
                del self._logs[generation_id]
