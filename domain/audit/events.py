"""What administrators do about the record."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterRetried(Event):
    """Somebody had a handler try an event again."""

    type: ClassVar[str] = "dead_letter.retried"
    aggregate: ClassVar[str] = "dead-letter"

    dead_letter_id: UUID
    handler: str
    event_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterDiscarded(Event):
    """Somebody decided that a handler need not have an event."""

    type: ClassVar[str] = "dead_letter.discarded"
    aggregate: ClassVar[str] = "dead-letter"

    dead_letter_id: UUID
    handler: str
    event_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRead(Event):
    """An administrator read what was said in a conversation of the learner `user_id`."""

    type: ClassVar[str] = "audit.conversation_read"
    aggregate: ClassVar[str] = "audit"

    conversation_id: UUID
    user_id: UUID
    admin_id: UUID
