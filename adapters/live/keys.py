"""The names of everything live in Redis. Each key carries a hash tag, so that a cluster keeps what belongs together."""

from uuid import UUID

DOORBELL_CHANNEL = "fp:doorbell"
CONVERSATION_CHANNEL = "fp:conversations"
SEAT_CHANNEL = "fp:seats"


def log_key(generation_id: UUID) -> str:
    """Return the key of a generation's log, a stream."""
    return f"fp:gen:{{{generation_id}}}:log"


def wake_key(hub_id: UUID) -> str:
    """Return the key of the stream that wakes one process's blocking read."""
    return f"fp:hub:{{{hub_id}}}:wake"


def probe_key() -> str:
    """Return the key that is written to see whether the server takes writes again."""
    return "fp:probe"


def seat_key(conversation_id: UUID) -> str:
    """Return the key that tells who converses in a conversation."""
    return f"fp:conversation:{{{conversation_id}}}:seat"


def user_streams_key(user_id: UUID) -> str:
    """Return the key of a user's open streams: a sorted set, by the second of the epoch at which each lapses."""
    return f"fp:user:{{{user_id}}}:streams"


def conversation_streams_key(conversation_id: UUID) -> str:
    """Return the key of a conversation's open streams, as those of a user are kept."""
    return f"fp:conversation:{{{conversation_id}}}:streams"
