"""Events that something is wrong with: of four kinds, as a bug or a stranger would leave them in the store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.practice.chat import Author
from domain.practice.events import TurnAdded
from domain.shared.events import Event

_TOO_MANY_WORDS = 10**12
"""More than the column for them holds: the database refuses what the projection writes."""
_HUGE = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard(Event):
    """Of a type that nobody knows."""

    type: ClassVar[str] = "conversation.unheard_of"
    aggregate: ClassVar[str] = "conversation"

    conversation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken(Event):
    """Of a known type, without its fields."""

    type: ClassVar[str] = "conversation.turn_added"
    aggregate: ClassVar[str] = "conversation"

    conversation_id: UUID
    nonsense: str


def raising(conversation_id: UUID) -> Event:
    """Return one that its handler fails at, each time."""
    return TurnAdded(
        conversation_id=conversation_id,
        user_id=UUID(int=1),
        turn_id=conversation_id,
        position=-1,
        author=Author.LEARNER,
        partial=False,
        words=_TOO_MANY_WORDS,
        text=None,
    )


def broken(conversation_id: UUID) -> Event:
    """Return one with a payload that cannot be decoded."""
    return Broken(conversation_id=conversation_id, nonsense="so it is")


def unheard(conversation_id: UUID) -> Event:
    """Return one whose type is unknown."""
    return Unheard(conversation_id=conversation_id)


def huge(conversation_id: UUID) -> Event:
    """Return one of 5 MB."""
    return Broken(conversation_id=conversation_id, nonsense="x" * _HUGE)


Verdicts = Mapping[tuple[str, str, int], int]
"""How many dead letters there are of each handler, reason and number of tries."""

KINDS: Mapping[Callable[[UUID], Event], Verdicts] = {
    raising: {("practice_record", "HANDLER_FAILED", 5): 1},
    broken: {("practice_record", "EVENT_BROKEN", 1): 1},
    unheard: {("practice_record", "UNKNOWN_EVENT_TYPE", 1): 1},
    huge: {("practice_record", "EVENT_TOO_LARGE", 1): 1, ("audit_search", "EVENT_TOO_LARGE", 1): 1},
}
"""What becomes of each kind: the audit trail takes events as they are, but for those too large."""
