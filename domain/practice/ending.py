"""How a reply ends."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.practice.model import GenerationStatus
from domain.practice.reply import Cancelled, Completed, Failed, ReplyEvent, TokenUsage


class FailureReason(StrEnum):
    """Why a reply failed: values of the contract's ErrorReason without its prefix."""

    INTERRUPTED = "INTERRUPTED"
    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
    MODEL_REFUSED = "MODEL_REFUSED"
    CONVERSATION_TOO_LONG = "CONVERSATION_TOO_LONG"
    SCENARIO_NOT_FOUND = "SCENARIO_NOT_FOUND"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"

    @property
    def message(self) -> str:
        """One sentence for people."""
        return _MESSAGES[self]

    @property
    def retryable(self) -> bool:
        """Whether the same message may succeed later."""
        return self not in _LASTING


_MESSAGES = {
    FailureReason.INTERRUPTED: "The reply was interrupted.",
    FailureReason.MODEL_UNAVAILABLE: "The partner did not answer, or broke off.",
    FailureReason.MODEL_REFUSED: "The partner refused to answer this message.",
    FailureReason.CONVERSATION_TOO_LONG: "The conversation has become too long for the partner.",
    FailureReason.SCENARIO_NOT_FOUND: "The scenario of this conversation is no longer there.",
    FailureReason.UNAVAILABLE: "The reply could not be sent on.",
    FailureReason.INTERNAL: "Something went wrong on our side.",
}
_LASTING = frozenset(
    {FailureReason.MODEL_REFUSED, FailureReason.CONVERSATION_TOO_LONG, FailureReason.SCENARIO_NOT_FOUND}
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a reply ended, and all that was said by then.

    `status` is completed (with a `finish_reason`), cancelled, or failed (with a `failure`). `spent` is what counts
    against the learner's tokens of the day: the `usage`, or an estimate where the model did not tell.
    """

    status: GenerationStatus
    text: str
    finish_reason: str | None = None
    failure: FailureReason | None = None
    usage: TokenUsage | None = None
    spent: int = 0

    @property
    def is_partial(self) -> bool:
        """Whether more would have been said."""
        return self.status is not GenerationStatus.COMPLETED

    @property
    def speaks(self) -> bool:
        """Whether there is something to keep as the partner's turn."""
        return bool(self.text.strip())

    def last_events(self, turn_id: UUID | None) -> tuple[ReplyEvent, ...]:
        """Return the events that end the log; `turn_id` is the partner's turn."""
        last = last_event(self.status, turn_id, self.finish_reason, self.failure)
        return (last,) if self.usage is None else (self.usage, last)


def completed(text: str, finish_reason: str, usage: TokenUsage | None) -> Ending:
    """Return the end of a whole reply; `text` is more than white space."""
    return Ending(GenerationStatus.COMPLETED, text, finish_reason=finish_reason, usage=usage)


def cancelled(text: str, usage: TokenUsage | None = None) -> Ending:
    """Return the end of a reply that its learner stopped."""
    return Ending(GenerationStatus.CANCELLED, text, usage=usage)


def failed(text: str, reason: FailureReason, usage: TokenUsage | None = None) -> Ending:
    """Return the end of a reply that broke off."""
    return Ending(GenerationStatus.FAILED, text, failure=reason, usage=usage)


def last_event(
    status: GenerationStatus, turn_id: UUID | None, finish_reason: str | None, failure: FailureReason | None
) -> ReplyEvent:
    """Return the last event of a reply that ended so."""
    if status is GenerationStatus.COMPLETED and turn_id is not None:
        return Completed(turn_id, finish_reason or "")
    if status is GenerationStatus.CANCELLED:
        return Cancelled(turn_id)
    reason = failure or FailureReason.INTERNAL
    return Failed(reason, reason.message, reason.retryable, turn_id)
