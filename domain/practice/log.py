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
"""Called when the log was found lost: checks the lease, and returns the text of all deltas given to `write` so far.

A delta therefore goes into the producer's own text BEFORE it is given to `write`. Raises Fenced when the lease is no
longer held; what else it raises ends the writer and is raised again by `write` and `flush`.
"""

Alive = Callable[[], Awaitable[bool]]
"""Whether a generation is still queued or running, as the database has it."""


class GenerationWriter(Protocol):
    """The one writer of one attempt. Events get the sequences 1, 2, 3, … in the order of the calls.

    A snapshot that the writer puts in by itself, because the log was lost, takes a sequence too.
    """

    async def write(self, event: ReplyEvent) -> None:
        """Take an event. Deltas are joined and written in the background; the first delta and all others at once.

        The event is taken at once, also when the call is cancelled; then it waits while too much is unacknowledged.
        Raises Fenced or LogUnavailable, also for an earlier event; after that nothing more is written. Text with lone
        surrogates is not taken: UnicodeEncodeError.
        """

    async def flush(self) -> None:
        """Return when everything taken so far is in the log. Raises Fenced or LogUnavailable."""

    def close(self) -> None:
        """Write nothing more, whatever the end was: call it last. What is not flushed may be lost."""

    @property
    def last_sequence(self) -> int:
        """The highest sequence that the log has acknowledged; 0 before the first."""


class GenerationLog(Protocol):
    """The logs of all generations."""

    def writer(self, generation_id: UUID, attempt: int, recover: RecoverText) -> GenerationWriter:
        """Return the writer of an attempt. The attempt's lease must be held."""

    def follow(self, generation_id: UUID, after: Position | None, alive: Alive) -> AsyncGenerator[LogEntry, None]:
        """Yield the entries after `after` (None: all) as they come, up to the last event, in order and each once.

        Before the log exists it waits for it. When nothing comes for a while, `alive` is asked; once it says no and
        the log holds nothing new, the generator ends without a last event, and the caller looks at the database.
        LogUnavailable: the log does not answer, at once for the first read, after some patience later. What `alive`
        raises goes through. `aclose` detaches the reader at once.
        """

    async def holds(self, generation_id: UUID, position: Position) -> bool | None:
        """Return whether a reader can go on after `position`; None when there is no log. Raises LogUnavailable.

        It can when an entry stands there, or when what follows (a snapshot, a reset) takes the place of all before.
        """

    async def read(self, generation_id: UUID) -> tuple[LogEntry, ...]:
        """Return all entries; empty when there is no log. Raises LogUnavailable."""

    async def end(self, generation_id: UUID) -> None:
        """Let the log expire, an hour from now (its last event has been written). Raises LogUnavailable."""


class Doorbell(Protocol):
    """Tells the producer of a generation, in whatever process, that its learner wants it cancelled."""

    async def ring(self, generation_id: UUID) -> None:
        """Tell all processes. Best effort: the wish itself stands in the database."""
