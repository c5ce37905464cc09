"""One attempt at a reply: what was said in it, and the writer of its log."""

from contextlib import suppress

from domain.practice.budget import estimated
from domain.practice.chat import ChatRequest
from domain.practice.interruption import Interruption
from domain.practice.leases import Leases
from domain.practice.log import Fenced, GenerationLog, LogUnavailable
from domain.practice.model import Generation
from domain.practice.ports import Checkpoint
from domain.practice.reply import Accepted, ReplyEvent, Reset, Started, TextDelta, TokenUsage
from domain.shared.errors import Unavailable
from domain.shared.retrying import retried

LONGEST_REPLY = 65_536
"""Bytes of text: far beyond what any token limit of ours lets a model say, so only a broken model meets it."""


class Attempt:
    """The producer's side of an attempt whose lease is `held`, until `interruption`."""

    def __init__(self, held: Generation, log: GenerationLog, leases: Leases, interruption: Interruption) -> None:
        self.held = held
        self.interruption = interruption
        self.usage: TokenUsage | None = None
        self.request: ChatRequest | None = None
        """What a model was asked, once it was; None again when it did not begin to answer."""
        self.text = ""
        """All that was said. Appending copies 2 KB at the end of a reply; a list would keep 60 bytes for each token."""
        self._leases = leases
        self._size = 0
        self._written = 0
        self.writer = log.writer(held.id, held.attempt, self._recover)

    @property
    def spent(self) -> int:
        """What it has cost so far: what the model told, else an estimate."""
        if self.usage is not None:
            return self.usage.total
        return 0 if self.request is None else estimated(self.request, self.text)

    async def begin(self, model: str) -> None:
        """Write what comes before the text. Raises Fenced or LogUnavailable."""
        if self.held.attempt > 1:
            await self._write(Reset("INTERRUPTED"))
        await self._write(Accepted(self.held.turn_id))
        await self._write(Started(model))

    async def change_model(self, model: str) -> None:
        """Have another model speak, before anything was said. Raises Fenced, LogUnavailable or Unavailable."""
        self.usage = None
        await self.renew(model)
        await self._write(Started(model))

    async def say(self, text: str) -> bool:
        """Write more of the reply; False, and nothing is written, when it would be too long.

        Raises Fenced or LogUnavailable.
        """
        said = _storable(text)
        self._size += len(said.encode())
        if self._size > LONGEST_REPLY:
            return False
        if said:
            self.text += said
            await self._write(TextDelta(said))
        return True

    async def written(self) -> int:
        """Return the sequence of the last event, once all are in the log. Raises Fenced.

        When the log does not answer it is a number that no sent event is above.
        """
        with suppress(LogUnavailable, Unavailable):
            await self.writer.flush()
            return self.writer.last_sequence
        return self._written

    def checkpoint(self, model: str | None = None) -> Checkpoint:
        """Return how far it has come."""
        return Checkpoint(self.text, self.writer.last_sequence, model)

    async def renew(self, model: str | None = None) -> Generation:
        """Hold the lease on, and keep how far it has come. Raises Fenced, and Unavailable."""
        renewed = await retried(lambda: self._leases.renew(self.held, self.checkpoint(model)))
        if renewed is None:
            raise Fenced
        return renewed

    async def _recover(self) -> str:
        await self.renew()
        self._written += 1
        return self.text

    async def _write(self, event: ReplyEvent) -> None:
        self._written += 1
        await self.writer.write(event)


def _storable(text: str) -> str:
    """Return `text` without what Postgres and UTF-8 cannot hold."""
    return text.replace("\0", "").encode(errors="replace").decode()
