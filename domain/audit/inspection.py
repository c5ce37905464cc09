"""Administrators look at a learner's conversation."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from domain.audit.events import ConversationRead
from domain.practice.inspecting import InspectConversation, Inspection
from domain.shared.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ReadConversation:
    """Shows a conversation to an administrator. That they read what was said is recorded before they do."""

    inspect: InspectConversation
    uow: Callable[[], UnitOfWork]

    async def __call__(self, admin_id: UUID, conversation_id: str, *, include_text: bool) -> Inspection:
        """Return what is found. Raises ConversationNotFound, Unavailable."""
        found = await self.inspect(conversation_id)
        if include_text:
            conversation = found.history.conversation
            async with self.uow() as work:
                work.record(
                    ConversationRead(conversation_id=conversation.id, user_id=conversation.user_id, admin_id=admin_id)
                )
                await work.commit()
        return found
