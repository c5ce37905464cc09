"""Conversations, turns and generations, and their rules."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from domain.practice.chat import Author
from domain.practice.errors import ConversationEnded, ConversationIsPaused, GenerationInProgress
from domain.shared.errors import EtagMismatch


class ConversationStatus(StrEnum):
    """Where a conversation stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A role-play of one learner.

    `version` rises with every change of it; `fence` with every reply that begins; `turns` is how many were ever said,
    which is also the newest one's position. `active_generation_id` is the reply under way.
    """

    id: UUID
    user_id: UUID
    scenario_id: str
    status: ConversationStatus
    version: int
    fence: int
    turns: int
    active_generation_id: UUID | None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None

    @property
    def etag(self) -> str:
        """What stands for this state of it."""
        return str(self.version)

    @property
    def has_ended(self) -> bool:
        """Whether it takes no more messages, for good."""
        return self.status is ConversationStatus.COMPLETED

    def match(self, etag: str) -> None:
        """Raise EtagMismatch unless `etag` stands for this state of it, or is empty."""
        if etag and etag != self.etag:
            raise EtagMismatch(self.etag)

    def begin_turn(self, generation_id: UUID, now: datetime) -> "Conversation":
        """Return it after the learner's next turn, which `generation_id` answers.

        Raises what `begin_reply` does.
        """
        return replace(self.begin_reply(generation_id, now), turns=self.turns + 1)

    def begin_reply(self, generation_id: UUID, now: datetime) -> "Conversation":
        """Return it with the reply `generation_id` under way.

        Raises ConversationEnded, ConversationIsPaused, or GenerationInProgress while another reply is under way.
        """
        if self.has_ended:
            raise ConversationEnded(self.id)
        if self.status is ConversationStatus.PAUSED:
            raise ConversationIsPaused(self.id)
        if self.active_generation_id is not None:
            raise GenerationInProgress(self.active_generation_id)
        return replace(self._changed(now), fence=self.fence + 1, active_generation_id=generation_id)

    def end_reply(self, *, spoken: bool, now: datetime) -> "Conversation":
        """Return it after the reply under way ended; it adds a turn where something was `spoken`."""
        return replace(self._changed(now), turns=self.turns + spoken, active_generation_id=None)

    def pause(self, now: datetime) -> "Conversation":
        """Return it paused. A reply under way goes on. Raises ConversationEnded."""
        return self._become(ConversationStatus.PAUSED, now)

    def resume(self, now: datetime) -> "Conversation":
        """Return it active again. Raises ConversationEnded."""
        return self._become(ConversationStatus.ACTIVE, now)

    def end(self, now: datetime) -> "Conversation":
        """Return it ended."""
        return replace(self._changed(now), status=ConversationStatus.COMPLETED, ended_at=now)

    def _become(self, status: ConversationStatus, now: datetime) -> "Conversation":
        if self.has_ended:
            raise ConversationEnded(self.id)
        return self if self.status is status else replace(self._changed(now), status=status)

    def _changed(self, now: datetime) -> "Conversation":
        return replace(self, version=self.version + 1, updated_at=now)


def start_conversation(user_id: UUID, scenario_id: str, now: datetime) -> Conversation:
    """Return a new conversation, whose first turn is the partner's opening line."""
    return Conversation(
        id=uuid4(),
        user_id=user_id,
        scenario_id=scenario_id,
        status=ConversationStatus.ACTIVE,
        version=1,
        fence=0,
        turns=1,
        active_generation_id=None,
        created_at=now,
        updated_at=now,
        ended_at=None,
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said.

    `position` counts from 1. A learner's turn has the client's id of it and the generation that answers it; a
    partner's has the generation that made it, except the opening line. `partial`: the reply broke off there.
    `replaced`: another reply to the same message has taken its place. `version` is the conversation's that brought it
    or last changed it.
    """

    id: UUID
    conversation_id: UUID
    position: int
    author: Author
    text: str
    partial: bool
    client_message_id: str | None
    generation_id: UUID | None
    created_at: datetime
    version: int
    replaced: bool = False


class GenerationStatus(StrEnum):
    """Where the making of a reply stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


ACTIVE = (GenerationStatus.QUEUED, GenerationStatus.RUNNING)
"""The states in which a reply is under way."""


@dataclass(frozen=True, slots=True)
class Generation:
    """The making of one reply, to the learner's turn `turn_id`.

    `attempt` is 0 until a producer takes it. After `lease_until` anyone may take it over with the next attempt.
    `partial_text` and `last_sequence` are the producer's last checkpoint; once it has ended, all that was said and
    the sequence of the last event. A reply that was asked for anew has the client's id of that wish. `version` is the
    conversation's with which it began, and later ended.
    """

    id: UUID
    conversation_id: UUID
    turn_id: UUID
    user_id: UUID
    status: GenerationStatus
    attempt: int
    lease_until: datetime
    cancel_requested_at: datetime | None
    partial_text: str
    last_sequence: int
    finish_reason: str | None
    failure_reason: str | None
    model: str | None
    client_message_id: str | None
    version: int
    created_at: datetime
    ended_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is said."""
        return self.status not in ACTIVE

    def is_free(self, now: datetime) -> bool:
        """Whether no producer holds it, so that anyone may take it."""
        if self.status is GenerationStatus.QUEUED:
            return True
        return self.status is GenerationStatus.RUNNING and self.lease_until < now


def queue_generation(
    generation_id: UUID, turn: Turn, conversation: Conversation, start_within: timedelta, key: str | None = None
) -> Generation:
    """Return the generation that is to answer the learner's `turn`, and that has just begun in `conversation`.

    `key` is the client's id of a wish for another reply. Untaken `start_within` this time, it counts as abandoned.
    """
    return Generation(
        id=generation_id,
        conversation_id=turn.conversation_id,
        turn_id=turn.id,
        user_id=conversation.user_id,
        status=GenerationStatus.QUEUED,
        attempt=0,
        lease_until=conversation.updated_at + start_within,
        cancel_requested_at=None,
        partial_text="",
        last_sequence=0,
        finish_reason=None,
        failure_reason=None,
        model=None,
        client_message_id=key,
        version=conversation.version,
        created_at=conversation.updated_at,
        ended_at=None,
    )
