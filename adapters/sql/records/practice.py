"""Each role-play in numbers: a learner's statistics are sums over theirs."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, Text, Uuid, bindparam, delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.records.persons import NOT_ERASED, share_persons
from adapters.sql.tables.records import practice_record


@dataclass(frozen=True, slots=True)
class PracticeStart:
    """A conversation that began."""

    conversation_id: UUID
    user_id: UUID
    scenario_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class PracticeGain:
    """What came to a conversation."""

    conversation_id: UUID
    ended_at: datetime | None = None
    learner_turns: int = 0
    partner_turns: int = 0
    learner_words: int = 0
    partner_words: int = 0
    partial_turns: int = 0


_START = text(
    f"""
    INSERT INTO practice_record (conversation_id, user_id, scenario_id, started_at,
        learner_turns, partner_turns, learner_words, partner_words, partial_turns)
    SELECT made.*, 0, 0, 0, 0, 0
    FROM (VALUES (:conversation_id, :user_id, :scenario_id, :started_at))
        AS made (conversation_id, user_id, scenario_id, started_at)
    WHERE {NOT_ERASED}
    ON CONFLICT DO NOTHING
    """  # noqa: S608 - constants
).bindparams(
    bindparam("conversation_id", type_=Uuid),
    bindparam("user_id", type_=Uuid),
    bindparam("scenario_id", type_=Text),
    bindparam("started_at", type_=DateTime(timezone=True)),
)
_COUNTS = ("learner_turns", "partner_turns", "learner_words", "partner_words", "partial_turns")
_GAIN = text(
    f"""
    UPDATE practice_record SET {", ".join(f"{name} = {name} + :{name}" for name in _COUNTS)},
        ended_at = coalesce(:ended_at, ended_at)
    WHERE conversation_id = :conversation_id
    """  # noqa: S608 - constants
).bindparams(
    bindparam("conversation_id", type_=Uuid),
    bindparam("ended_at", type_=DateTime(timezone=True)),
    *(bindparam(name, type_=Integer) for name in _COUNTS),
)
_FORGET = delete(practice_record).where(practice_record.c.conversation_id == bindparam("conversation"))


class PracticeRecords:
    """The table, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def start(self, starts: Sequence[PracticeStart]) -> None:
        """Add conversations, but not those of who was erased."""
        if starts:
            await share_persons(self._connection)
            await self._connection.execute(_START, [_values(start) for start in starts])

    async def gain(self, gains: Sequence[PracticeGain]) -> None:
        """Add to conversations; those that are not there are passed over."""
        if gains:
            await self._connection.execute(_GAIN, [_values(gain) for gain in gains])

    async def forget(self, conversation_id: UUID) -> None:
        """Remove one."""
        await self._connection.execute(_FORGET, {"conversation": conversation_id})


def _values(change: PracticeStart | PracticeGain) -> dict[str, Any]:
    return {each.name: getattr(change, each.name) for each in fields(change)}
