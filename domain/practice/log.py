"""The durable log of a generation, as a port: one producer writes it, any number of readers follow it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Protocol
from uuid import UUID

from domain.practice.reply import LogEntry, Position, ReplyEvent


class Fenced(Exception):
    """A later attempt has taken over; the writer must stop and write nothing more."""


class LogUnavailable(Exception):
    """The log does not answer. What was acknowledged before is kept."""


RecoverText = Callable[[], Awaitable[str]]
"""Called when the log was found lost: returns all text so far. Raises Fenced when the lease is no longer ours."""


class GenerationWriter(Protocol):
    """The one writer of one attempt. Events get the sequences 1, 2, 3, … in the order of the calls."""

    async def write(self, event: ReplyEvent) -> None:
        """Take an event. Deltas are joined and written in the background; the first delta and all others at once.

        Waits while too much is unacknowledged. Raises Fenced or LogUnavailable, also for an earlier event.
        """

    async def flush(self) -> None:
        """Return when everything taken so far is in the log. Raises Fenced or LogUnavailable."""

    @property
    def last_sequence(self) -> int:
        """The highest sequence that the log has acknowledged; 0 before the first."""


class GenerationLog(Protocol):
    """The logs of all generations."""

    def writer(self, generation_id: UUID, attempt: int, recover: RecoverText) -> GenerationWriter:
        """Return the writer of an attempt. The attempt's lease must be held."""

    def follow(self, generation_id: UUID, after: Position | None) -> AsyncGenerator[LogEntry, None]:
        """Yield the entries after `after` (None: all) as they come, up to the last event, in order and each once.

        Before the log exists it waits for it. It ends without a last event when the log is gone: the caller then
        looks at the database. Raises LogUnavailable.
        """

    async def holds(self, generation_id: UUID, position: Position) -> bool | None:
        """Return whether an entry stands at `position`; None when there is no log. Raises LogUnavailable."""

    async def read(self, generation_id: UUID) -> tuple[LogEntry, ...]:
        """Return all entries; empty when there is no log. Raises LogUnavailable."""

    async def end(self, generation_id: UUID) -> None:
        """Let the log expire, an hour from now (its last event has been written)."""


class Doorbell(Protocol):
    """Tells the producer of a generation, in whatever process, that its learner wants it cancelled."""

    async def ring(self, generation_id: UUID) -> None:
        """Tell all processes. Best effort: the wish itself stands in the database."""
