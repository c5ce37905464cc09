"""Mending a stored conversation."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from domain.practice.events import ConversationRepaired
from domain.practice.inspecting import InspectConversation, Inspection
from domain.practice.inspection import ReplyLogs
from domain.practice.log import LogUnavailable
from domain.practice.model import Conversation
from domain.practice.ports import PracticeWork
from domain.practice.problems import (
    CountTurns,
    DropLog,
    EndReply,
    OfRows,
    Problem,
    RaiseVersion,
    RestoreTurn,
    SetActive,
)
from domain.practice.recovery import RecoverReply
from domain.shared.clock import Clock
from domain.shared.errors import ConcurrentUpdate


class Repairs(Protocol):
    """Writes what use cases never write."""

    async def put(self, mended: Conversation, version: int) -> bool:
        """Write the conversation if it still has `version`; False when it has not."""
        ...


class RepairWork(PracticeWork, Protocol):
    """A transaction that mends."""

    @property
    def repairs(self) -> Repairs:
        """What use cases never write."""
        ...


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was mended, and what a second look finds wrong."""

    mended: tuple[Problem, ...]
    left: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class RepairConversation:
    """Mends what can be mended, unless the conversation changes meanwhile. What was mended is an event."""

    uow: Callable[[], RepairWork]
    inspect: InspectConversation
    logs: ReplyLogs
    recover: RecoverReply
    clock: Clock

    async def __call__(self, conversation_id: str, by: str) -> Repaired:
        """Mend it for `by`. Raises ConversationNotFound, Unavailable, and ConcurrentUpdate: nothing more was mended."""
        found = await self.inspect(conversation_id)
        ended = await self._end_replies(found)
        if ended:
            found = await self.inspect(conversation_id)
        rows = [each for each in found.problems if isinstance(each.repair, OfRows)]
        if ended or rows:
            await self._write(found, rows, (*ended, *rows), by)
        dropped = await self._drop_logs(found)
        if dropped:
            await self._write(found, (), dropped, by)
        return Repaired((*ended, *rows, *dropped), (await self.inspect(conversation_id)).problems)

    async def _end_replies(self, found: Inspection) -> list[Problem]:
        generations = {generation.id: generation for generation in found.history.generations}
        return [
            problem
            for problem in found.problems
            if isinstance(problem.repair, EndReply)
            and await self.recover.end(generations[problem.repair.generation_id])
        ]

    async def _drop_logs(self, found: Inspection) -> list[Problem]:
        done = []
        with suppress(LogUnavailable):
            for problem in found.problems:
                if isinstance(problem.repair, DropLog):
                    await self.logs.drop(problem.repair.generation_id)
                    done.append(problem)
        return done

    async def _write(self, found: Inspection, rows: Sequence[Problem], mended: Sequence[Problem], by: str) -> None:
        before = found.history.conversation
        async with self.uow() as work:
            if rows:
                await self._mend(work, before, rows)
            work.record(
                ConversationRepaired(
                    conversation_id=before.id,
                    user_id=before.user_id,
                    by=by,
                    repairs=tuple(map(str, mended)),
                )
            )
            await work.commit()

    async def _mend(self, work: RepairWork, before: Conversation, rows: Sequence[Problem]) -> None:
        after = replace(before, version=before.version + 1, updated_at=self.clock())
        turns = []
        for each in rows:
            match each.repair:
                case SetActive(generation_id):
                    after = replace(after, active_generation_id=generation_id)
                case CountTurns(count):
                    after = replace(after, turns=count)
                case RaiseVersion(version):
                    after = replace(after, version=version + 1)
                case RestoreTurn(turn):
                    turns.append(turn)
        if not await work.repairs.put(after, before.version):
            raise ConcurrentUpdate("The conversation", before.version)
        for turn in turns:
            await work.turns.add(replace(turn, version=after.version))
