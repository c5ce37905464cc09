"""What happens in role-plays. What was said is a personal field; all else is ids and counts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.practice.chat import Author
from domain.practice.model import Turn
from domain.shared.events import Event, personal


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationStarted(Event):
    """A learner began a role-play."""

    type: ClassVar[str] = "conversation.started"
    aggregate: ClassVar[str] = "conversation"

    conversation_id: UUID
    user_id: UUID
    scenario_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAdded(Event):
    """Something was said, in `words` words; `position` counts the turns from 1. `partial`: it broke off."""

    type: ClassVar[str] = "conversation.turn_added"
    aggregate: ClassVar[str] = "conversation"

    conversation_id: UUID
    user_id: UUID
    turn_id: UUID
    position: int
    author: Author
    partial: bool
    words: int
    text: str | None = personal()


def turn_added(turn: Turn, user_id: UUID) -> TurnAdded:
    """Return the event of a turn in a conversation of `user_id`. Words are what stands between white space."""
    return TurnAdded(
        conversation_id=turn.conversation_id,
        user_id=user_id,
        turn_id=turn.id,
        position=turn.position,
        author=turn.author,
        partial=turn.partial,
        words=len(turn.text.split()),
        text=turn.text,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnReplaced(Event):
    """The partner replied anew: `by_turn_id` took the place of the turns `turn_ids`, replies to the same message."""

    type: ClassVar[str] = "conversation.turn_replaced"
    aggregate: ClassVar[str] = "conversation"

    conversation_id: UUID
    user_id: UUID
    turn_ids: tuple[UUID, ...]
    by_turn_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPaused(Event):
    """The learner paused it."""

    type: ClassVar[str] = "conversation.paused"
    aggregate: ClassVar[str] = "conversation"

    conversation_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationResumed(Event):
    """The learner went on with it."""

    type: ClassVar[str] = "conversation.resumed"
    aggregate: ClassVar[str] = "conversation"

    conversation_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCompleted(Event):
    """The learner ended it, after `turns` turns of both."""

    type: ClassVar[str] = "conversation.ended"
    aggregate: ClassVar[str] = "conversation"

    conversation_id: UUID
    user_id: UUID
    turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationStarted(Event):
    """An attempt at a reply began."""

    type: ClassVar[str] = "generation.started"
    aggregate: ClassVar[str] = "generation"

    generation_id: UUID
    conversation_id: UUID
    user_id: UUID
    attempt: int
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationEnded(Event):
    """A reply ended; `turn_id` is the partner's turn, None when nothing was said. Its subclasses say how it ended."""

    aggregate: ClassVar[str] = "generation"

    generation_id: UUID
    conversation_id: UUID
    user_id: UUID
    attempt: int
    turn_id: UUID | None
    characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationCompleted(GenerationEnded):
    """The reply is whole; the tokens are 0 where the model did not tell them."""

    type: ClassVar[str] = "generation.completed"

    finish_reason: str
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationCancelled(GenerationEnded):
    """The learner stopped the reply."""

    type: ClassVar[str] = "generation.cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationFailed(GenerationEnded):
    """The reply broke off; `reason` is an ErrorReason without its prefix."""

    type: ClassVar[str] = "generation.failed"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRepaired(Event):
    """What is stored of it contradicted itself and was mended, for the operator `by`: where, and what was wrong."""

    type: ClassVar[str] = "conversation.repaired"
    aggregate: ClassVar[str] = "conversation"

    conversation_id: UUID
    user_id: UUID
    by: str
    repairs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioGenerationEvent(Event):
    """Something about the making of scenarios for a learner; its stream is the job's."""

    aggregate: ClassVar[str] = "scenario"

    job_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioGenerationRequested(ScenarioGenerationEvent):
    """The learner asked for `count` scenarios."""

    type: ClassVar[str] = "scenario.generation_requested"

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioGenerationStarted(ScenarioGenerationEvent):
    """An attempt at making them began."""

    type: ClassVar[str] = "scenario.generation_started"

    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioGenerationCompleted(ScenarioGenerationEvent):
    """They were made."""

    type: ClassVar[str] = "scenario.generation_completed"

    scenario_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioGenerationFailed(ScenarioGenerationEvent):
    """They cannot be made; `reason` is an ErrorReason without its prefix."""

    type: ClassVar[str] = "scenario.generation_failed"

    reason: str
