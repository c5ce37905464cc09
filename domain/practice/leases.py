"""Who may produce a reply: the lease on its generation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.practice.events import GenerationStarted
from domain.practice.model import Generation
from domain.practice.ports import Checkpoint, PracticeWork
from domain.shared.clock import Clock

LEASE = timedelta(seconds=15)
"""How long a producer may be silent before another one takes over."""
RENEW_SECONDS = 5.0
"""How often a producer renews its lease: two renewals may fail before it is lost."""


@dataclass(frozen=True, slots=True)
class Leases:
    """Takes, holds and gives back the lease on a generation. Whoever has it is the generation's one writer."""

    uow: Callable[[], PracticeWork]
    clock: Clock

    async def take_to_produce(self, generation: Generation, model: str) -> Generation | None:
        """Begin the attempt after `generation.attempt`, to be spoken by `model`; None when it is not to be had."""
        now = self.clock()
        async with self.uow() as work:
            taken = await work.generations.claim(generation, now, now + LEASE, model)
            if taken is not None:
                work.record(_started(taken, model))
                await work.commit()
        return taken

    async def take_to_end(self, generation: Generation) -> Generation | None:
        """Take the lease over from a producer that is gone, to end the generation; None when it is not to be had."""
        now = self.clock()
        async with self.uow() as work:
            taken = await work.generations.claim(generation, now, now + LEASE, None)
            if taken is not None:
                await work.commit()
        return taken

    async def renew(self, held: Generation, checkpoint: Checkpoint) -> Generation | None:
        """Hold the lease on, and keep how far the reply has come; None when the lease is lost."""
        return await self._hold(held, checkpoint, LEASE)

    async def renew_all(self, held: Sequence[tuple[Generation, Checkpoint]]) -> Mapping[UUID, datetime | None]:
        """Hold many on at once; return those that were held, each with when its learner wanted it stopped, if they did.

        One that is not there may be lost, and `renew` tells: nobody waits here for a row that somebody else changes.
        """
        async with self.uow() as work:
            renewed = await work.generations.renew_all(held, self.clock() + LEASE)
            await work.commit()
        return renewed

    async def give_back(self, held: Generation) -> None:
        """Let anyone take the generation over at once. Nothing has been said under this lease."""
        await self._hold(held, Checkpoint("", 0), -LEASE)

    async def _hold(self, held: Generation, checkpoint: Checkpoint, remaining: timedelta) -> Generation | None:
        async with self.uow() as work:
            renewed = await work.generations.renew(held, self.clock() + remaining, checkpoint)
            if renewed is not None:
                await work.commit()
        return renewed


def _started(taken: Generation, model: str) -> GenerationStarted:
    return GenerationStarted(
        generation_id=taken.id,
        conversation_id=taken.conversation_id,
        user_id=taken.user_id,
        attempt=taken.attempt,
        model=model,
    )
