"""What looking after dead letters needs from outside."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.audit.dead_letter import DeadLetter, DeadLetterState
from domain.shared.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dead letter stands in the list, which begins with the newest."""

    created_at: datetime
    id: UUID


class DeadLetters(Protocol):
    """Keeps the dead letters."""

    async def newest(
        self, states: Collection[DeadLetterState], before: Place | None, limit: int
    ) -> Sequence[DeadLetter]:
        """Return at most `limit` that are in one of these states, the newest first, older than `before`."""
        ...

    async def lock(self, dead_letter_id: UUID) -> DeadLetter | None:
        """Return one, and have others who ask for the same wait until the unit of work has ended."""
        ...

    async def save(self, changed: DeadLetter) -> None:
        """Write what changes of one: `state`, `reason`, `error`, `tries` and `updated_at`."""
        ...


class DeadLetterRepositories(Protocol):
    """What is read here."""

    @property
    def dead_letters(self) -> DeadLetters:
        """The dead letters."""
        ...


class DeadLetterWork(UnitOfWork, DeadLetterRepositories, Protocol):
    """What is written here."""


DeadLetterReads = Callable[[], AbstractAsyncContextManager[DeadLetterRepositories]]
"""Gives the repositories for reading, each read on its own."""
