"""What cannot be read as an event, each with a reason that operators see; and what is refused about dead letters."""

from typing import ClassVar
from uuid import UUID

from domain.shared.errors import DomainError, ErrorKind


class Undecodable(Exception):
    """A stored event that this code can make nothing of, however often it tries."""

    reason: ClassVar[str]


class UnknownEventType(Undecodable):
    """No class has this type."""

    reason = "UNKNOWN_EVENT_TYPE"


class EventTooNew(Undecodable):
    """It has a schema that only a newer release knows."""

    reason = "EVENT_TOO_NEW"


class EventBroken(Undecodable):
    """Its fields are not those of its type."""

    reason = "EVENT_BROKEN"


class EventTooLarge(Undecodable):
    """It is larger than any event of ours can be."""

    reason = "EVENT_TOO_LARGE"


class DeadLetterNotFound(DomainError):
    """There is no such dead letter."""

    kind = ErrorKind.NOT_FOUND
    reason = "DEAD_LETTER_NOT_FOUND"

    def __init__(self, dead_letter_id: str) -> None:
        super().__init__("There is no such dead letter.", metadata={"dead_letter_id": dead_letter_id})


class DeadLetterClosed(DomainError):
    """Nothing is to be done about the dead letter any more; `state` says why: `resolved` or `discarded`."""

    kind = ErrorKind.FAILED_PRECONDITION
    reason = "DEAD_LETTER_CLOSED"

    def __init__(self, dead_letter_id: UUID, state: str) -> None:
        known = {"dead_letter_id": str(dead_letter_id), "state": str(state)}
        super().__init__(f"The dead letter is {state} already.", metadata=known)
