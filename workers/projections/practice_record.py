"""Role-plays in numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.records.practice import PracticeGain, PracticeRecords, PracticeStart
from domain.practice.chat import Author
from domain.practice.events import ConversationCompleted, ConversationStarted, TurnAdded
from workers.handler import Occurrence
from workers.projections.streams import subject_of

Change = PracticeStart | PracticeGain


class PracticeRecordProjection:
    """Keeps a row a conversation: whose it is, when it began and ended, its turns and words."""

    name = "practice_record"
    aggregates = frozenset({"conversation"})
    wants_personal = False

    def change(self, occurrence: Occurrence) -> Change | None:
        """Return what the event adds."""
        when = occurrence.stored.occurred_at
        match occurrence.event():
            case ConversationStarted() as started:
                return PracticeStart(started.conversation_id, started.user_id, started.scenario_id, when)
            case TurnAdded() as turn:
                return _turn(turn)
            case ConversationCompleted() as ended:
                return PracticeGain(ended.conversation_id, ended_at=when)
            case _:
                return None

    async def write(self, connection: AsyncConnection, changes: Sequence[Change]) -> None:
        """Add to the rows: one statement for what began, one for what came to it."""
        records = PracticeRecords(connection)
        await records.start([change for change in changes if isinstance(change, PracticeStart)])
        await records.gain(_summed(change for change in changes if isinstance(change, PracticeGain)))

    async def forget(self, connection: AsyncConnection, stream_id: str) -> None:
        """Remove a conversation's row."""
        conversation_id = subject_of(stream_id, "conversation")
        if conversation_id is not None:
            await PracticeRecords(connection).forget(conversation_id)


def _turn(turn: TurnAdded) -> PracticeGain:
    partial = int(turn.partial)
    if turn.author is Author.LEARNER:
        return PracticeGain(turn.conversation_id, learner_turns=1, learner_words=turn.words, partial_turns=partial)
    return PracticeGain(turn.conversation_id, partner_turns=1, partner_words=turn.words, partial_turns=partial)


def _summed(gains: Iterable[PracticeGain]) -> list[PracticeGain]:
    """Return one gain a conversation."""
    sums: dict[UUID, PracticeGain] = {}
    for gain in gains:
        known = sums.get(gain.conversation_id)
        sums[gain.conversation_id] = gain if known is None else _sum(known, gain)
    return list(sums.values())


def _sum(one: PracticeGain, other: PracticeGain) -> PracticeGain:
    ended: datetime | None = other.ended_at or one.ended_at
    return replace(
        one,
        ended_at=ended,
        learner_turns=one.learner_turns + other.learner_turns,
        partner_turns=one.partner_turns + other.partner_turns,
        learner_words=one.learner_words + other.learner_words,
        partner_words=one.partner_words + other.partner_words,
        partial_turns=one.partial_turns + other.partial_turns,
    )


practice_record = PracticeRecordProjection()
