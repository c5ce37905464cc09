"""What a learner can ask for in the stream of a whole conversation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from domain.practice.cancellation import CancelReply
from domain.practice.messages import Message
from domain.practice.model import Generation
from domain.practice.ports import PracticeReads
from domain.shared.errors import DomainError


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a reply; an empty id: the one under way, if there is one."""

    generation_id: str


@dataclass(frozen=True, slots=True)
class Regenerate:
    """Have the partner reply anew."""

    turn_id: str
    client_message_id: str


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Something that cannot be asked for here, and why; `client_message_id` is empty where it has none."""

    refusal: DomainError
    client_message_id: str = ""


Command: TypeAlias = Message | Cancel | Regenerate | Misplaced


def key_of(command: Command) -> str:
    """Return the client's own id of what it asks for; empty when it has none."""
    return "" if isinstance(command, Cancel) else command.client_message_id


@dataclass(frozen=True, slots=True)
class CommandHandler:
    """Carries out what is asked for."""

    reads: PracticeReads
    send_message: Callable[[UUID, Message], Awaitable[Generation]]
    regenerate_reply: Callable[[UUID, str, str], Awaitable[Generation]]
    cancel_reply: CancelReply

    async def __call__(self, user_id: UUID, conversation_id: UUID, command: Command) -> Generation | None:
        """Return the reply to follow, None when none begins. Raises what refuses it."""
        match command:
            case Message():
                return await self.send_message(user_id, command)
            case Regenerate(turn_id, key):
                return await self.regenerate_reply(user_id, turn_id, key)
            case Misplaced(refusal):
                raise refusal
            case Cancel(generation_id):
                await self._cancel(user_id, conversation_id, generation_id)
        return None

    async def _cancel(self, user_id: UUID, conversation_id: UUID, generation_id: str) -> None:
        if generation_id:
            await self.cancel_reply(user_id, generation_id)
            return
        async with self.reads() as reads:
            conversation = await reads.conversations.get(conversation_id, user_id)
        if conversation is not None and conversation.active_generation_id is not None:
            await self.cancel_reply(user_id, str(conversation.active_generation_id))
