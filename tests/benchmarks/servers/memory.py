"""What the compared servers answer with: it comes from memory, so that the way to it is all that costs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

from adapters.application import IdentityUseCases
from domain.catalog.model import Role, RoleLevel
from domain.identity.model import User
from domain.practice.errors import ConversationNotFound
from domain.practice.reply import Completed, LogEntry, Position, TextDelta

WORDS = 200
"""Words of one streamed reply."""

AT_ONCE, PAUSED = str(UUID(int=4)), str(UUID(int=5))
"""Conversations: in one the partner says all words at once, in the other with pauses."""
PAUSE_SECONDS = 0.0002
"""Short for a partner, and long enough for a word to be on its way before the next one comes."""
GENERATION = UUID(int=7)

_LEARNER = UUID(int=6)
_REPLY = (
    *(LogEntry(Position(1, number), number, TextDelta("certainly ")) for number in range(1, WORDS + 1)),
    LogEntry(Position(1, WORDS + 1), WORDS + 1, Completed(UUID(int=8), "stop")),
)


@dataclass(frozen=True, slots=True)
class Memory:
    """The use cases that are called, with the same answers for every server."""

    identity: IdentityUseCases
    _users: dict[UUID, User] = field(default_factory=dict)

    async def get_user(self, user_id: UUID) -> User:
        """Return an account; it is read from the database once."""
        user = self._users.get(user_id)
        if user is None:
            user = self._users[user_id] = await self.identity.get_user(user_id)
        return user

    async def create_custom_role(self, user_id: UUID, title: str, description: str, level: str) -> Role:
        """Return the role that would be made."""
        return Role(str(GENERATION), "hotels_hospitality", title, description, (), RoleLevel(level), _LEARNER)

    async def get_conversation(self, user_id: UUID, conversation_id: str) -> None:
        """Raise ConversationNotFound."""
        raise ConversationNotFound(conversation_id)

    async def reply(self, pause: float) -> AsyncIterator[LogEntry]:
        """Yield a reply's entries: as fast as they are taken, or after the first one with a pause before each."""
        for number, entry in enumerate(_REPLY):
            if pause and number:
                await asyncio.sleep(pause)
            yield entry
