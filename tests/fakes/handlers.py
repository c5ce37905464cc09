"""A handler that writes down what it was given, and fails when told to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.practice.events import TurnAdded
from workers.handler import Occurrence

TABLE = "CREATE TABLE recorded (number bigserial PRIMARY KEY, stream_id text NOT NULL, words integer NOT NULL)"


@dataclass
class Recorder:
    """A projection: the words of each turn, in the table of TABLE. It raises where they are as many as `poison` has."""

    poison: set[int] = field(default_factory=set)
    step: Literal["change", "write"] = "change"
    name: str = "recorder"
    aggregates: frozenset[str] = frozenset({"conversation"})
    wants_personal: bool = False

    def change(self, occurrence: Occurrence) -> tuple[str, int] | None:
        event = occurrence.event()
        if not isinstance(event, TurnAdded):
            return None
        if self.step == "change":
            self._check(event.words)
        return event.stream_id, event.words

    async def write(self, connection: AsyncConnection, changes: Sequence[tuple[str, int]]) -> None:
        if self.step == "write":
            for _, words in changes:
                self._check(words)
        rows = [{"stream_id": stream_id, "words": words} for stream_id, words in changes]
        await connection.execute(text("INSERT INTO recorded (stream_id, words) VALUES (:stream_id, :words)"), rows)

    async def forget(self, connection: AsyncConnection, stream_id: str) -> None:
        await connection.execute(text("DELETE FROM recorded WHERE stream_id = :stream_id"), {"stream_id": stream_id})

    def _check(self, words: int) -> None:
        if words in self.poison:
            raise ValueError("seven is too many")
