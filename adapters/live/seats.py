"""Who converses where: one seat a conversation, which the newest takes from the one before."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from uuid import UUID

from domain.practice.live_streams import ClosingReason, Ending


class Seat:
    """One holder. `number` tells it from the others of its process."""

    __slots__ = ("ending", "is_announced", "is_published", "number")

    def __init__(self, number: int, ending: Ending) -> None:
        self.number = number
        self.ending = ending
        self.is_published = False
        """Whether other processes have been told of it."""
        self.is_announced = False
        """Whether this process has heard that, so that what it hears from now on is newer."""


class LocalSeats:
    """Implements `domain.practice.live_streams.ConverseSeat` within one process."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._seats: dict[UUID, Seat] = {}

    def __iter__(self) -> Iterator[tuple[UUID, Seat]]:
        return iter(list(self._seats.items()))

    def get(self, conversation_id: UUID) -> Seat | None:
        """Return who holds the seat here."""
        return self._seats.get(conversation_id)

    @asynccontextmanager
    async def take(self, conversation_id: UUID, ending: Ending) -> AsyncIterator[Seat]:
        """Hold it for a block."""
        before = self._seats.get(conversation_id)
        self._seats[conversation_id] = seat = Seat(next(self._numbers), ending)
        if before is not None:
            before.ending.end(ClosingReason.SUPERSEDED)
        try:
            yield seat
        finally:
            if self._seats.get(conversation_id) is seat:
                del self._seats[conversation_id]
