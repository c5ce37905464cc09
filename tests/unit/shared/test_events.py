"""Events survive being written and read."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4

from domain.shared.events import Event


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted(Event):
    type: ClassVar[str] = "test.painted"
    aggregate: ClassVar[str] = "wall"
    wall_id: UUID
    colour: Colour
    layers: int
    helpers: tuple[UUID, ...]
    after: UUID | None = None


def test_an_event_is_the_same_after_a_round_trip() -> None:
    event = Painted(wall_id=uuid4(), colour=Colour.RED, layers=2, helpers=(uuid4(),), after=uuid4())
    assert Painted.from_dict(event.to_dict()) == event
    assert event.stream_id == f"wall-{event.wall_id}"


def test_nothing_stays_nothing() -> None:
    event = Painted(wall_id=uuid4(), colour=Colour.RED, layers=2, helpers=())
    assert Painted.from_dict(event.to_dict()).after is None
