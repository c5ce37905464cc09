"""Stopping a reply, and ending a conversation."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from uuid import UUID

from domain.practice.errors import ConversationNotFound, GenerationNotFound
from domain.practice.events import ConversationCompleted
from domain.practice.ids import parse_conversation_id, parse_generation_id
from domain.practice.log import Doorbell
from domain.practice.model import Conversation, Generation
from domain.practice.ports import PracticeReads, PracticeWork
from domain.practice.recovery import RecoverReply
from domain.practice.replies import FollowReply
from domain.shared.clock import Clock

END_WITHIN = 2.0
"""Seconds that a caller waits for a reply to end: ten times what its producer needs."""


@dataclass(frozen=True, slots=True)
class StopReply:
    """Has a generation end as cancelled, wherever it is produced."""

    uow: Callable[[], PracticeWork]
    doorbell: Doorbell
    recover: RecoverReply
    follow: FollowReply
    clock: Clock
    within: float = END_WITHIN

    async def __call__(self, generation_id: UUID) -> None:
        """Note the wish and wait until the generation has ended.

        After `within` seconds its producer is taken for dead: the sweeper will end it.
        """
        now = self.clock()
        async with self.uow() as work:
            generation = await work.generations.request_cancel(generation_id, now)
            if generation is None:
                return
            await work.commit()
        if generation.is_free(now):
            await self.recover(generation)
        await self.doorbell.ring(generation_id)
        await self._until_ended(generation)

    async def _until_ended(self, generation: Generation) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.within), aclosing(self.follow(generation, None)) as entries:
                async for _ in entries:
                    pass


@dataclass(frozen=True, slots=True)
class CancelReply:
    """Stops a reply of the learner. What was said so far is kept; one that has ended stays as it is."""

    reads: PracticeReads
    stop: StopReply

    async def __call__(self, user_id: UUID, generation_id: str) -> Generation:
        """Return the generation after it was stopped. Raises GenerationNotFound."""
        generation = await self._get(user_id, generation_id)
        if generation.has_ended:
            return generation
        await self.stop(generation.id)
        return await self._get(user_id, generation_id)

    async def _get(self, user_id: UUID, generation_id: str) -> Generation:
        async with self.reads() as reads:
            generation = await reads.generations.get(parse_generation_id(generation_id))
        if generation is None or generation.user_id != user_id:
            raise GenerationNotFound(generation_id)
        return generation


@dataclass(frozen=True, slots=True)
class EndConversation:
    """Ends a conversation, paused or not. A reply under way is cancelled first; what has ended stays as it is."""

    uow: Callable[[], PracticeWork]
    reads: PracticeReads
    stop: StopReply
    clock: Clock

    async def __call__(self, user_id: UUID, conversation_id: str, etag: str) -> Conversation:
        """Return the conversation after its end; an empty `etag` fits each.

        Raises ConversationNotFound and EtagMismatch.
        """
        parsed = parse_conversation_id(conversation_id)
        async with self.reads() as reads:
            found = await reads.conversations.get(parsed, user_id)
        if found is None:
            raise ConversationNotFound(conversation_id)
        if not found.has_ended and found.active_generation_id is not None:
            found.match(etag)
            await self.stop(found.active_generation_id)
            etag = ""  # it has moved on, and by our own doing
        return await self._end(found, etag)

    async def _end(self, found: Conversation, etag: str) -> Conversation:
        """End it as it is now. A reply that began meanwhile, or whose producer is dead, ends after it."""
        now = self.clock()
        async with self.uow() as work:
            conversation = await work.conversations.lock(found.id, found.user_id)
            if conversation is None:
                raise ConversationNotFound(str(found.id))
            if conversation.has_ended:
                return conversation
            conversation.match(etag)
            late = conversation.active_generation_id
            if late is not None:
                await work.generations.request_cancel(late, now)
            ended = conversation.end(now)
            await work.conversations.save(ended)
            work.record(ConversationCompleted(conversation_id=ended.id, user_id=ended.user_id, turns=ended.turns))
            await work.commit(ended)
        if late is not None:
            await self.stop.doorbell.ring(late)
        return ended
