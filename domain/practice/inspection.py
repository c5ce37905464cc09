"""A conversation as it is stored: rows, events, logs of replies and open streams, seen at one moment."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias
from uuid import UUID

from domain.practice.model import Conversation, ConversationStatus, Generation, Turn
from domain.practice.reply import LogEntry
from domain.shared.events import Event


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it is recorded; `event` is None where nobody can read it any more."""

    stream_id: str
    version: int
    type: str
    occurred_at: datetime
    event: Event | None


@dataclass(frozen=True, slots=True)
class History:
    """What the database has of a conversation at the moment `seen_at`.

    `turns` are in order of their positions, `generations` the oldest first, `events` stream by stream in their order:
    those of the conversation, and of its replies. Words of a person who was erased are None in them.
    """

    conversation: Conversation
    turns: tuple[Turn, ...]
    generations: tuple[Generation, ...]
    events: tuple[RecordedEvent, ...]
    seen_at: datetime


class LogFault(StrEnum):
    """Why it is unknown what a log holds."""

    UNAVAILABLE = "the log does not answer"
    BROKEN = "the log cannot be read"


@dataclass(frozen=True, slots=True)
class ReplyLog:
    """The log of a reply as it is now; no entries and no fault: there is none."""

    entries: tuple[LogEntry, ...] = ()
    fault: LogFault | None = None


Logs: TypeAlias = Mapping[UUID, ReplyLog]
"""Of each reply."""


class OpenStream(Protocol):
    """A stream that somebody has open."""

    @property
    def method(self) -> str:
        """The method that was called."""
        ...

    @property
    def device(self) -> str:
        """What the client calls itself."""
        ...

    @property
    def opened_at(self) -> datetime:
        """Since when."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationQuery:
    """Which conversations are asked for; None is all.

    `user_id` and `email_key` say whose, `active` whether a reply is under way. `since` is the first moment of creation,
    `until` the one after the last. `text` is looked for in what was said, whatever its case.
    """

    user_id: UUID | None = None
    email_key: str | None = None
    scenario_id: str | None = None
    status: ConversationStatus | None = None
    active: bool = False
    since: datetime | None = None
    until: datetime | None = None
    generation_id: UUID | None = None
    client_message_id: str | None = None
    text: str | None = field(default=None, repr=False)


class StoredConversations(Protocol):
    """Everything that is stored of conversations, at one moment. Every method raises Unavailable."""

    async def find(self, query: ConversationQuery, limit: int) -> Sequence[Conversation]:
        """Return up to `limit` conversations, the newest first."""
        ...

    async def one(self, conversation_id: UUID) -> History | None:
        """Return the history of one, whosever it is."""

    def all(self) -> AsyncIterator[Sequence[History]]:
        """Yield the histories of all, some at a time."""
        ...

    def lost(self) -> AsyncIterator[UUID]:
        """Yield the conversations that began, and are gone though their learner was not erased."""
        ...


Snapshots: TypeAlias = Callable[[], AbstractAsyncContextManager[StoredConversations]]
"""Gives what is stored at one moment, for a block. Raises Unavailable."""


class ReplyLogs(Protocol):
    """Reads the logs of replies."""

    async def read(self, generation_ids: Sequence[UUID]) -> Logs:
        """Return the log of each reply. It does not raise: see LogFault."""
        ...

    async def drop(self, generation_id: UUID) -> None:
        """Remove a log, so that readers get the reply from the database. Raises LogUnavailable."""


class Presence(Protocol):
    """Who has a stream open."""

    async def of_conversation(self, conversation_id: UUID) -> Sequence[OpenStream]:
        """Return the streams that are open on a conversation; empty when that cannot be known."""
        ...
