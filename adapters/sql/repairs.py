"""What mending a conversation writes."""

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.practice import conversation
from domain.practice.model import Conversation

_CHANGING = ("version", "turns", "active_generation_id", "updated_at")
_PUT = (
    update(conversation)
    .where(conversation.c.id == bindparam("key"), conversation.c.version == bindparam("old_version"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


class SqlRepairs:
    """Implements `domain.practice.repairing.Repairs`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, mended: Conversation, version: int) -> bool:
        """Write the conversation if it still has `version`."""
        values = {"key": mended.id, "old_version": version}
        values |= {f"new_{name}": getattr(mended, name) for name in _CHANGING}
        return (await self._connection.execute(_PUT, values)).rowcount == 1
