"""Looking at conversations as they are stored, whosever they are: for who runs the product."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from domain.practice.checking import find_problems
from domain.practice.errors import ConversationNotFound
from domain.practice.ids import parse_conversation_id
from domain.practice.inspection import (
    ConversationQuery,
    History,
    LogFault,
    Logs,
    OpenStream,
    Presence,
    ReplyLogs,
    Snapshots,
)
from domain.practice.model import Conversation
from domain.practice.problems import Problem


@dataclass(frozen=True, slots=True)
class Inspection:
    """All there is to know about a conversation: what is stored, who is connected, and what is wrong."""

    history: History
    logs: Logs
    streams: tuple[OpenStream, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class FindConversations:
    """Finds conversations, the newest first."""

    snapshots: Snapshots

    async def __call__(self, query: ConversationQuery, limit: int) -> Sequence[Conversation]:
        """Return up to `limit` of them. Raises Unavailable."""
        async with self.snapshots() as stored:
            return await stored.find(query, limit)


@dataclass(frozen=True, slots=True)
class InspectConversation:
    """Looks at one conversation, and changes nothing."""

    snapshots: Snapshots
    logs: ReplyLogs
    presence: Presence

    async def __call__(self, conversation_id: str) -> Inspection:
        """Return what is found. Raises ConversationNotFound, Unavailable."""
        parsed = parse_conversation_id(conversation_id)
        async with self.snapshots() as stored:
            history = await stored.one(parsed)
        if history is None:
            raise ConversationNotFound(conversation_id)
        logs = await self.logs.read([generation.id for generation in history.generations])
        streams = await self.presence.of_conversation(parsed)
        return Inspection(history, logs, tuple(streams), find_problems(history, logs))


@dataclass(frozen=True, slots=True)
class Checked:
    """A conversation that was looked at. `logs_compared`: those of its replies that have one."""

    conversation_id: UUID
    problems: tuple[Problem, ...]
    logs_compared: bool


@dataclass(frozen=True, slots=True)
class CheckConversations:
    """Looks at every conversation of one moment, some at a time, and changes nothing."""

    snapshots: Snapshots
    logs: ReplyLogs

    async def __call__(self) -> AsyncGenerator[Checked, None]:
        """Yield each conversation once it was looked at, and last those that are lost. Raises Unavailable.

        Once the logs do not answer they are not asked again.
        """
        answers = True
        async with self.snapshots() as stored:
            async for histories in stored.all():
                logs = await self.logs.read(_ended(histories)) if answers else {}
                answers = answers and all(log.fault is not LogFault.UNAVAILABLE for log in logs.values())
                for history in histories:
                    yield Checked(history.conversation.id, find_problems(history, logs), answers)
            async for conversation_id in stored.lost():
                problem = Problem("conversation", "is missing, and its events are there")
                yield Checked(conversation_id, (problem,), answers)


def _ended(histories: Sequence[History]) -> list[UUID]:
    every = chain.from_iterable(history.generations for history in histories)
    return [generation.id for generation in every if generation.has_ended]
