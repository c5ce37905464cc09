"""Dead letters in memory, in transactions."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

from domain.audit.dead_letter import DeadLetter, DeadLetterState
from domain.audit.ports import Place
from domain.shared.events import Event


def a_dead_letter(minutes: int = 0, **changes: Any) -> DeadLetter:
    """Return one that came up so many minutes after noon; each time another."""
    then = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(minutes=minutes)
    given: dict[str, Any] = {
        "id": uuid4(),
        "handler": "practice_record",
        "stream_id": f"conversation-{uuid4()}",
        "version": 3,
        "position": 41,
        "event_id": uuid4(),
        "type": "conversation.turn_added",
        "reason": "HANDLER_FAILED",
        "error": "ValueError: no",
        "tries": 5,
        "state": DeadLetterState.DEAD,
        "created_at": then,
        "updated_at": then,
    }
    return DeadLetter(**given | changes)


@dataclass
class FakeDeadLetterStore:
    """What is committed."""

    letters: dict[UUID, DeadLetter] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    async def put(self, *letters: DeadLetter) -> None:
        self.letters |= {letter.id: letter for letter in letters}

    def work(self) -> "FakeDeadLetterWork":
        return FakeDeadLetterWork(self)

    @asynccontextmanager
    async def reads(self) -> AsyncIterator["FakeDeadLetterWork"]:
        yield FakeDeadLetterWork(self)


class FakeDeadLetters:
    """Implements `DeadLetters`."""

    def __init__(self, letters: dict[UUID, DeadLetter]) -> None:
        self._letters = letters

    async def newest(
        self, states: Collection[DeadLetterState], before: Place | None, limit: int
    ) -> Sequence[DeadLetter]:
        ordered = sorted(self._letters.values(), key=lambda letter: (letter.created_at, letter.id), reverse=True)
        found = [letter for letter in ordered if letter.state in states]
        if before is not None:
            found = [each for each in found if (each.created_at, each.id) < (before.created_at, before.id)]
        return found[:limit]

    async def lock(self, dead_letter_id: UUID) -> DeadLetter | None:
        return self._letters.get(dead_letter_id)

    async def save(self, changed: DeadLetter) -> None:
        self._letters[changed.id] = changed


class FakeDeadLetterWork:
    """Implements `DeadLetterWork`: works on a copy, which `commit` puts in place."""

    def __init__(self, store: FakeDeadLetterStore) -> None:
        self._store = store
        self._letters = dict(store.letters)
        self._events: list[Event] = []

    @property
    def dead_letters(self) -> FakeDeadLetters:
        return FakeDeadLetters(self._letters)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def record(self, *events: Event) -> None:
        self._events.extend(events)

    def expect(self, stream_id: str, version: int) -> None:
        raise AssertionError("nothing is expected of these streams")

    async def commit(self) -> None:
        self._store.letters = self._letters
        self._store.events += self._events
