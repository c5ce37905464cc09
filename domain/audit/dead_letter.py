"""An event that a handler could not handle, put aside so that the rest flows on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class DeadLetterState(StrEnum):
    """What becomes of a dead letter."""

    DEAD = "dead"
    """It waits for somebody to decide."""
    QUEUED = "queued"
    """Somebody wants it tried again; background work is about to."""
    RESOLVED = "resolved"
    """The handler has it by now."""
    DISCARDED = "discarded"
    """Somebody decided that the handler need not have it."""


OPEN = frozenset({DeadLetterState.DEAD, DeadLetterState.QUEUED})
"""The states in which something is still to be done."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event (`stream_id`, `version`) that one handler could not handle.

    `reason` is a code: UNKNOWN_EVENT_TYPE, EVENT_TOO_NEW, EVENT_BROKEN, EVENT_TOO_LARGE, HANDLER_FAILED or
    HANDLER_DIED; `error` says more, for operators, and has no personal values. `tries` counts how often it was tried.
    """

    id: UUID
    handler: str
    stream_id: str
    version: int
    position: int
    event_id: UUID
    type: str
    reason: str
    error: str
    tries: int
    state: DeadLetterState
    created_at: datetime
    updated_at: datetime
