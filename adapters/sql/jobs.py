"""Work to be done later or elsewhere, as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be done once: a second one with the same `key` is none."""

    key: str
    name: str
    arguments: Mapping[str, Any]
    user_id: UUID | None
    correlation_id: str


# The database's time: jobs fall due by it.
_ADD = text(
    """
    INSERT INTO job (id, key, name, arguments, user_id, state, attempts, due_at, correlation_id, created_at, updated_at)
    VALUES (:id, :key, :name, :arguments, :user_id, 'queued', 0, now(), :correlation_id, now(), now())
    ON CONFLICT (key) DO NOTHING
    """
).bindparams(bindparam("arguments", type_=JSONB), bindparam("user_id", type_=Uuid), bindparam("id", type_=Uuid))


async def add_jobs(connection: AsyncConnection, jobs: Sequence[NewJob]) -> None:
    """Add the jobs whose keys are new, due at once. The caller commits."""
    if jobs:
        await connection.execute(_ADD, [{**asdict(job), "id": uuid4()} for job in jobs])
