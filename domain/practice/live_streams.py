"""Streams that stay open: why they end though they could go on, and who has which open."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class ClosingReason(StrEnum):
    """Why a stream ends that could go on: values of the contract's ErrorReason without its prefix."""

    SUPERSEDED = "SUPERSEDED"
    STREAM_EXPIRED = "STREAM_EXPIRED"
    UNAVAILABLE = "UNAVAILABLE"

    @property
    def message(self) -> str:
        """One sentence for people."""
        return _MESSAGES[self]


_MESSAGES = {
    ClosingReason.SUPERSEDED: "The conversation was opened elsewhere.",
    ClosingReason.STREAM_EXPIRED: "The stream has been open, or silent, for as long as it may. Open it again.",
    ClosingReason.UNAVAILABLE: "The server is stopping. Open the stream again.",
}


@dataclass(frozen=True, slots=True)
class Closed:
    """The last thing that such a stream says; up to `cursor` all changes of the conversation were sent."""

    reason: ClosingReason
    cursor: str


class Ending:
    """Ends one stream from outside."""

    __slots__ = ("_told", "reason", "used_at")

    def __init__(self) -> None:
        self.reason: ClosingReason | None = None
        """None: it goes on."""
        self.used_at = time.monotonic()
        """When something was last said on the stream, in either direction."""
        self._told: Callable[[], object] | None = None

    def tell(self, told: Callable[[], object]) -> None:
        """Have `end` call `told`, which wakes the stream."""
        self._told = told

    def use(self) -> None:
        """Take note that something is said."""
        self.used_at = time.monotonic()

    def end(self, reason: ClosingReason) -> None:
        """End the stream as soon as it looks; the first reason counts."""
        if self.reason is None:
            self.reason = reason
            if self._told is not None:
                self._told()


@dataclass(frozen=True, slots=True)
class OpenStream:
    """A stream that is open: whose, which method, on what device (as it calls itself), since when, and where.

    `conversation_id` is None where the call names none.
    """

    user_id: UUID
    method: str
    device: str
    opened_at: datetime
    conversation_id: UUID | None


class StreamRegistry(Protocol):
    """The open streams of all users, in all processes. What a dead process had open lapses within a minute."""

    def open(self, stream: OpenStream, *, exactly: bool) -> AbstractAsyncContextManager[None]:
        """Hold `stream` open for a block. Raises TooManyStreams when its user has too many.

        `exactly`: all processes are asked first. Otherwise nothing is waited for, and streams that other processes
        have just opened may not be counted.
        """

    async def of_conversation(self, conversation_id: UUID) -> Sequence[OpenStream]:
        """Return those of a conversation, the oldest first; of this process alone while no other can be asked."""


class ConverseSeat(Protocol):
    """The one place of a conversation for a Converse: whoever comes takes it from the one before."""

    def take(self, conversation_id: UUID, ending: Ending) -> AbstractAsyncContextManager[None]:
        """Hold the seat for a block; `ending` ends as SUPERSEDED once somebody else has taken it."""
