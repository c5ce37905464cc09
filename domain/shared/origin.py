"""Who or what caused what happens now: written beside every event."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """The cause of a change.

    `correlation_id` is the request's id, the same in logs, events, jobs and calls to providers. `actor` is
    `user:<id>`, `system:<part>` or `anonymous`. `causation_id` is the id of the event that led to it, None when it was
    a request.
    """

    correlation_id: str
    actor: str
    causation_id: str | None = None


UNKNOWN = Origin(correlation_id="", actor="system:unknown")

current_origin: ContextVar[Origin] = ContextVar("current_origin", default=UNKNOWN)
"""Set by each door and each worker before a use case runs; read by the unit of work when it commits."""
