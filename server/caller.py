"""Who is calling, as a servicer asks."""

from uuid import UUID

from server.call import Context, call_of, identity_of

__all__ = ["Context", "device_of", "user_of"]


def user_of(context: Context) -> UUID:
    """Return the id of the signed-in user. The chain lets nobody else through to a method that is not public."""
    return identity_of(context).user_id


def device_of(context: Context) -> str:
    """Return what the client calls itself; empty when it does not."""
    return call_of(context).headers.get("user-agent", "")
