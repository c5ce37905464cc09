"""Pausing a conversation, and going on with it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from domain.practice.errors import ConversationNotFound
from domain.practice.events import ConversationPaused, ConversationResumed
from domain.practice.ids import parse_conversation_id
from domain.practice.model import Conversation
from domain.practice.ports import PracticeWork
from domain.shared.clock import Clock


@dataclass(frozen=True, slots=True)
class PauseConversation:
    """Has a conversation take no messages. A reply under way is said to its end; what is paused stays as it is."""

    uow: Callable[[], PracticeWork]
    clock: Clock

    async def __call__(self, user_id: UUID, conversation_id: str, etag: str) -> Conversation:
        """Return the conversation, paused; an empty `etag` fits each.

        Raises ConversationNotFound, ConversationEnded and EtagMismatch.
        """
        async with self.uow() as work:
            conversation = await _lock(work, user_id, conversation_id)
            event = ConversationPaused(conversation_id=conversation.id, user_id=user_id)
            return await _save(work, conversation, conversation.pause(self.clock()), etag, event)


@dataclass(frozen=True, slots=True)
class ResumeConversation:
    """Has a paused conversation take messages again; what is active stays as it is."""

    uow: Callable[[], PracticeWork]
    clock: Clock

    async def __call__(self, user_id: UUID, conversation_id: str, etag: str) -> Conversation:
        """Return the conversation, active; an empty `etag` fits each.

        Raises ConversationNotFound, ConversationEnded and EtagMismatch.
        """
        async with self.uow() as work:
            conversation = await _lock(work, user_id, conversation_id)
            event = ConversationResumed(conversation_id=conversation.id, user_id=user_id)
            return await _save(work, conversation, conversation.resume(self.clock()), etag, event)


async def _lock(work: PracticeWork, user_id: UUID, conversation_id: str) -> Conversation:
    conversation = await work.conversations.lock(parse_conversation_id(conversation_id), user_id)
    if conversation is None:
        raise ConversationNotFound(conversation_id)
    return conversation


async def _save(
    work: PracticeWork,
    before: Conversation,
    after: Conversation,
    etag: str,
    event: ConversationPaused | ConversationResumed,
) -> Conversation:
    if after == before:
        return before
    before.match(etag)
    await work.conversations.save(after)
    work.record(event)
    await work.commit(after)
    return after
