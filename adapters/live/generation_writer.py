"""The writer of one attempt, as its producer sees it."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from adapters.live.keys import log_key
from adapters.live.patience import PATIENCE
from adapters.live.pending import Pending
from domain.practice.log import LogUnavailable, RecoverText
from domain.practice.reply import ReplyEvent

PROCESS_TOKENS = 4096
"""Events that a process takes before the log acknowledges them: some four seconds of a hundred replies."""
GENERATION_CHARACTERS = 65_536
"""The same bound for one generation, in characters: about the longest reply there may be."""


class Backlog:
    """What all writers of a process have taken and the log has not acknowledged."""

    def __init__(self) -> None:
        self.tokens = 0
        self._moved = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether producers must wait."""
        return self.tokens >= PROCESS_TOKENS

    async def moved(self) -> None:
        """Wait until something was acknowledged, or some writer failed."""
        await self._moved.wait()

    def tell(self) -> None:
        """Wake all who wait in `moved`."""
        self._moved.set()
        self._moved = asyncio.Event()


class RedisGenerationWriter:
    """Implements GenerationWriter. `due` is called whenever there may be something to send."""

    def __init__(
        self,
        generation_id: UUID,
        attempt: int,
        recover: RecoverText,
        backlog: Backlog,
        due: "Callable[[RedisGenerationWriter], None]",
    ) -> None:
        self.generation_id = generation_id
        self.key = log_key(generation_id)
        self.recover = recover
        self.pending = Pending(attempt)
        self.busy = False
        """An entry is under way, or its fate is being looked up."""
        self.suspect = False
        """The server was away: it may have come back with less than it acknowledged."""
        self.failure: Exception | None = None
        self._backlog = backlog
        self._due = due
        self._troubled_since: float | None = None

    @property
    def last_sequence(self) -> int:
        """The highest sequence that the log has acknowledged; 0 before the first."""
        return self.pending.acknowledged

    async def write(self, event: ReplyEvent) -> None:
        """Take an event, then wait while too much is unacknowledged. Raises Fenced or LogUnavailable."""
        self._raise_failure()
        self.pending.take(event)
        self._backlog.tokens += 1
        self._due(self)
        while self.failure is None and (self._backlog.full or self.pending.characters > GENERATION_CHARACTERS):
            await self._backlog.moved()
        self._raise_failure()

    async def flush(self) -> None:
        """Return when everything taken so far is in the log. Raises Fenced or LogUnavailable."""
        self.pending.hurry()
        self._due(self)
        while self.failure is None and self.pending.tokens:
            await self._backlog.moved()
        self._raise_failure()

    def acknowledge(self) -> None:
        """Note that the entry under way is in the log."""
        self._troubled_since = None
        before = self.pending.tokens
        self.pending.acknowledge()
        self._backlog.tokens += self.pending.tokens - before

    def begin_anew(self, text: str) -> None:
        """Send a snapshot next, because the log was lost."""
        before = self.pending.tokens
        self.pending.begin_anew(text)
        self._backlog.tokens += self.pending.tokens - before

    def begin_with(self, after: int, text: str, event: ReplyEvent) -> None:
        """Begin after the sequence `after`, with a snapshot of `text`, which has the event's too; then the event."""
        self.pending = Pending(self.pending.attempt, after)
        self.pending.take(event)
        self._backlog.tokens += 1
        self.begin_anew(text)
        self._due(self)

    def stumble(self) -> bool:
        """Note that sending failed; return whether it has been failing for longer than PATIENCE."""
        now = asyncio.get_running_loop().time()
        if self._troubled_since is None:
            self._troubled_since = now
        return now - self._troubled_since >= PATIENCE

    def fail(self, failure: Exception) -> None:
        """Write nothing more; `write` and `flush` raise `failure` from now on."""
        self.failure = failure
        self._backlog.tokens -= self.pending.tokens
        self.pending.clear()
        self._backlog.tell()

    def close(self) -> None:
        """Write nothing more."""
        if self.failure is None:
            self.fail(LogUnavailable("The writer was closed."))
        self._due(self)

    def _raise_failure(self) -> None:
        if self.failure is not None:
            raise self.failure
