"""The names of everything live in Redis. Each key carries a hash tag, so that a cluster keeps what belongs together."""

from uuid import UUID

DOORBELL_CHANNEL = "fp:doorbell"
CONVERSATION_CHANNEL = "fp:conversations"


def log_key(generation_id: UUID) -> str:
    """Return the key of a generation's log, a stream."""
    return f"fp:gen:{{{generation_id}}}:log"


def wake_key(hub_id: UUID) -> str:
    """Return the key of the stream that wakes one process's blocking read."""
    return f"fp:hub:{{{hub_id}}}:wake"
