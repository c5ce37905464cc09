"""How far learners came in their onboarding, and when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.records.onboarding import OnboardingRecord, OnboardingRecords
from domain.onboarding.events import OnboardingCompleted, OnboardingReset, OnboardingStarted, StepCompleted
from workers.handler import Occurrence
from workers.projections.streams import subject_of


@dataclass(frozen=True, slots=True)
class Change:
    """What an event does to a learner's record."""

    user_id: UUID
    apply: Callable[[OnboardingRecord], OnboardingRecord]


class OnboardingRecordProjection:
    """Keeps a row a learner: when they began, completed each step, and the whole."""

    name = "onboarding_record"
    aggregates = frozenset({"onboarding"})
    wants_personal = False

    def change(self, occurrence: Occurrence) -> Change | None:
        """Return what the event does."""
        when = occurrence.stored.occurred_at
        match occurrence.event():
            case OnboardingStarted() as event:
                return Change(event.user_id, partial(_started, when=when))
            case StepCompleted() as event:
                return Change(event.user_id, partial(_step, step=event.step.value, when=when))
            case OnboardingCompleted() as event:
                return Change(event.user_id, partial(_completed, when=when))
            case OnboardingReset() as event:
                return Change(event.user_id, _reset)
            case _:
                return None

    async def write(self, connection: AsyncConnection, changes: Sequence[Change]) -> None:
        """Bring the rows up to date: one statement to read them, one to write them."""
        if not changes:
            return
        table = OnboardingRecords(connection)
        records = await table.get(sorted({change.user_id for change in changes}))
        for change in changes:
            known = records.get(change.user_id) or OnboardingRecord(change.user_id)
            records[change.user_id] = change.apply(known)
        await table.save(list(records.values()))

    async def forget(self, connection: AsyncConnection, stream_id: str) -> None:
        """Remove a learner's row."""
        user_id = subject_of(stream_id, "onboarding")
        if user_id is not None:
            await OnboardingRecords(connection).forget(user_id)


def _started(record: OnboardingRecord, when: datetime) -> OnboardingRecord:
    return replace(record, started_at=record.started_at or when)


def _step(record: OnboardingRecord, step: str, when: datetime) -> OnboardingRecord:
    return replace(record, steps={step: when.isoformat(), **record.steps})  # the first time stays


def _completed(record: OnboardingRecord, when: datetime) -> OnboardingRecord:
    return replace(record, completed_at=record.completed_at or when)


def _reset(record: OnboardingRecord) -> OnboardingRecord:
    return OnboardingRecord(record.user_id, resets=record.resets + 1)


onboarding_record = OnboardingRecordProjection()
