"""The onboarding of each learner, as its events tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Integer, Uuid, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.records.persons import NOT_ERASED, share_persons
from adapters.sql.tables.records import onboarding_record


@dataclass(frozen=True, slots=True)
class OnboardingRecord:
    """When a learner began, completed each step for the first time, and the whole, since the last of `resets`."""

    user_id: UUID
    started_at: datetime | None = None
    completed_at: datetime | None = None
    resets: int = 0
    steps: Mapping[str, str] = field(default_factory=dict)
    """ISO 8601, by step."""


_FIND = select(onboarding_record).where(onboarding_record.c.user_id.in_(bindparam("user_ids", expanding=True)))
_SAVE = text(
    f"""
    INSERT INTO onboarding_record (user_id, started_at, completed_at, resets, steps)
    SELECT * FROM (VALUES (:user_id, :started_at, :completed_at, :resets, :steps))
        AS made (user_id, started_at, completed_at, resets, steps)
    WHERE {NOT_ERASED}
    ON CONFLICT (user_id) DO UPDATE SET
        started_at = excluded.started_at, completed_at = excluded.completed_at,
        resets = excluded.resets, steps = excluded.steps
    """  # noqa: S608 - constants
).bindparams(
    bindparam("user_id", type_=Uuid),
    bindparam("started_at", type_=DateTime(timezone=True)),
    bindparam("completed_at", type_=DateTime(timezone=True)),
    bindparam("resets", type_=Integer),
    bindparam("steps", type_=JSONB),
)
_FORGET = delete(onboarding_record).where(onboarding_record.c.user_id == bindparam("user"))


class OnboardingRecords:
    """The table, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, user_ids: Sequence[UUID]) -> dict[UUID, OnboardingRecord]:
        """Return those there are."""
        rows = await self._connection.execute(_FIND, {"user_ids": list(user_ids)})
        return {row["user_id"]: OnboardingRecord(**row) for row in rows.mappings()}

    async def save(self, records: Sequence[OnboardingRecord]) -> None:
        """Write them, but not those of who was erased."""
        await share_persons(self._connection)
        await self._connection.execute(
            _SAVE,
            [
                {
                    "user_id": record.user_id,
                    "started_at": record.started_at,
                    "completed_at": record.completed_at,
                    "resets": record.resets,
                    "steps": dict(record.steps),
                }
                for record in records
            ],
        )

    async def forget(self, user_id: UUID) -> None:
        """Remove one."""
        await self._connection.execute(_FORGET, {"user": user_id})
