"""The names of everything about sessions in Redis. The hash tag keeps a user's together in a cluster."""

from uuid import UUID

ENDED_CHANNEL = "fp:sessions:ended"


def session_key(user_id: UUID, session_id: UUID) -> str:
    """Return the key of one session's copy, a hash."""
    return f"fp:sessions:{{{user_id}}}:{session_id}"


def index_key(user_id: UUID) -> str:
    """Return the key of the user's sessions by their expiry, a sorted set of ids scored by Unix milliseconds."""
    return f"fp:sessions:{{{user_id}}}:by_expiry"
