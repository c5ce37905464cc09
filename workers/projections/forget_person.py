"""Who was erased is forgotten by the projections too."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.records.persons import remove_records
from domain.identity.events import UserDeleted
from workers.handler import Occurrence


class ForgetPerson:
    """Removes the records of whoever was erased. It makes none itself, so there is nothing to make anew."""

    name = "forget_person"
    aggregates = frozenset({"user"})
    wants_personal = False

    def change(self, occurrence: Occurrence) -> UUID | None:
        """Return who was erased."""
        event = occurrence.event()
        return event.user_id if isinstance(event, UserDeleted) else None

    async def write(self, connection: AsyncConnection, changes: Sequence[UUID]) -> None:
        """Remove what is kept of them."""
        await remove_records(connection, changes)


forget_person = ForgetPerson()
