"""Ending a reply: exactly once, first in the database and then in its log."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from domain.practice.budget import settle
from domain.practice.chat import Author
from domain.practice.ending import Ending
from domain.practice.events import (
    GenerationCancelled,
    GenerationCompleted,
    GenerationEnded,
    GenerationFailed,
    TurnReplaced,
    turn_added,
)
from domain.practice.log import Fenced, GenerationLog, GenerationWriter, LogUnavailable
from domain.practice.model import Conversation, Generation, GenerationStatus, Turn
from domain.practice.ports import PracticeWork
from domain.practice.reply import TokenUsage
from domain.shared.clock import Clock
from domain.shared.errors import Unavailable
from domain.shared.retrying import retried


@dataclass(frozen=True, slots=True)
class FinishReply:
    """Ends an attempt, if it is still the one that runs.

    The partner's turn, the cost and the events are committed before the log's last event is written: who sees it can
    read the turn. What the log does not take, readers get from the database.
    """

    uow: Callable[[], PracticeWork]
    log: GenerationLog
    clock: Clock

    async def __call__(self, held: Generation, writer: GenerationWriter, ending: Ending, written: int) -> None:
        """End it. `written` is the sequence of the last event before; `held` has the attempt. Raises Fenced."""
        turn_id = uuid4() if ending.speaks else None
        last_events = ending.last_events(turn_id)
        await retried(lambda: self._commit(held, ending, turn_id, written + len(last_events)))
        with suppress(Fenced, LogUnavailable, Unavailable):
            for event in last_events:
                await writer.write(event)
            await writer.flush()
            await self.log.end(held.id)

    async def _commit(self, held: Generation, ending: Ending, turn_id: UUID | None, last_sequence: int) -> None:
        now = self.clock()
        async with self.uow() as work:
            conversation = await work.conversations.lock(held.conversation_id, held.user_id)
            if conversation is None:
                raise Fenced
            after = conversation.end_reply(spoken=turn_id is not None, now=now)
            if not await work.generations.end(held, ending, last_sequence, after):
                raise Fenced
            await settle(work, held, ending)
            if turn_id is not None:
                await _say(work, _turn(turn_id, held, ending, after), held)
            await work.conversations.save(after)
            work.record(_event(held, ending, turn_id))
            await work.commit()


async def _say(work: PracticeWork, turn: Turn, held: Generation) -> None:
    """Add the partner's turn, in place of earlier replies to the same message."""
    replaced = await work.turns.replace_replies(held.turn_id, turn.version)
    await work.turns.add(turn)
    work.record(turn_added(turn, held.user_id))
    if replaced:
        ids = tuple(replaced)
        work.record(
            TurnReplaced(conversation_id=turn.conversation_id, user_id=held.user_id, turn_ids=ids, by_turn_id=turn.id)
        )


def _turn(turn_id: UUID, held: Generation, ending: Ending, after: Conversation) -> Turn:
    return Turn(
        id=turn_id,
        conversation_id=held.conversation_id,
        position=after.turns,
        author=Author.PARTNER,
        text=ending.text,
        partial=ending.is_partial,
        client_message_id=None,
        generation_id=held.id,
        created_at=after.updated_at,
        version=after.version,
    )


def _event(held: Generation, ending: Ending, turn_id: UUID | None) -> GenerationEnded:
    ended: dict[str, Any] = {
        "generation_id": held.id,
        "conversation_id": held.conversation_id,
        "user_id": held.user_id,
        "attempt": held.attempt,
        "turn_id": turn_id,
        "characters": len(ending.text),
    }
    if ending.status is GenerationStatus.CANCELLED:
        return GenerationCancelled(**ended)
    if ending.failure is not None:
        return GenerationFailed(**ended, reason=ending.failure.value)
    usage = ending.usage or TokenUsage(0, 0)
    return GenerationCompleted(
        **ended,
        finish_reason=ending.finish_reason or "",
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
    )
