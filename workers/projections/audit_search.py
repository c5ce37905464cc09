"""The audit trail as administrators search it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.records.audit_search import AuditSearch, Searchable
from domain.audit.registry import AREAS
from workers.handler import Occurrence
from workers.projections.streams import as_uuid, subject_of


class AuditSearchProjection:
    """Keeps a row an event, of every stream.

    It takes events as they are stored, so that one which no other handler can read is found all the same.
    """

    name = "audit_search"
    aggregates = frozenset(AREAS)
    wants_personal = False

    def change(self, occurrence: Occurrence) -> Searchable:
        """Return the event's row."""
        stored = occurrence.stored
        return Searchable(
            position=stored.position,
            stream_id=stored.stream_id,
            version=stored.version,
            type=stored.type,
            actor=stored.actor,
            user_id=_person(occurrence),
            correlation_id=occurrence.correlation_id,
            occurred_at=stored.occurred_at,
        )

    async def write(self, connection: AsyncConnection, changes: Sequence[Searchable]) -> None:
        """Add the rows."""
        await AuditSearch(connection).add(changes)

    async def forget(self, connection: AsyncConnection, stream_id: str) -> None:
        """Remove a stream's rows."""
        await AuditSearch(connection).forget(stream_id)


def _person(occurrence: Occurrence) -> UUID | None:
    return as_uuid(occurrence.data.get("user_id")) or subject_of(occurrence.stored.stream_id, "user")


audit_search = AuditSearchProjection()
