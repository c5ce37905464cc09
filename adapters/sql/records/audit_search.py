"""Events by what administrators look for."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.records import audit_search


@dataclass(frozen=True, slots=True)
class Searchable:
    """One event; `user_id` is whom it is about, None when it is nobody."""

    position: int
    stream_id: str
    version: int
    type: str
    actor: str
    user_id: UUID | None
    correlation_id: str
    occurred_at: datetime


_COLUMNS = tuple(each.name for each in fields(Searchable))
_ADD = insert(audit_search).on_conflict_do_nothing()
_FORGET = delete(audit_search).where(audit_search.c.stream_id == bindparam("stream"))


class AuditSearch:
    """The table, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, events: Sequence[Searchable]) -> None:
        """Add events that are not there yet."""
        if events:
            await self._connection.execute(
                _ADD, [{name: getattr(event, name) for name in _COLUMNS} for event in events]
            )

    async def forget(self, stream_id: str) -> None:
        """Remove a stream's events."""
        await self._connection.execute(_FORGET, {"stream": stream_id})
