"""What became of an entry whose answer was lost or refused."""

from enum import Enum, auto
from uuid import UUID

from adapters.live.log_reader import LogReader
from adapters.live.pending import Sending
from domain.practice.log import Fenced
from domain.practice.reply import Position


class Fate(Enum):
    """Where an entry, and the log under it, were found."""

    LANDED = auto()
    """It is in the log; only the answer was lost."""
    ABSENT = auto()
    """It is not, and the log is as we left it: send it."""
    LOST = auto()
    """The log is gone, or has less than it acknowledged (a restart without data, a failover): begin it anew."""


async def find_fate(reader: LogReader, generation_id: UUID, sending: Sending, acknowledged: int) -> Fate:
    """Look at the newest entry; `acknowledged` is the sequence below `sending` that the log had acknowledged.

    Raises Fenced when another writer has gone past us, LogUnavailable when the log does not answer.
    """
    top = await reader.top(generation_id)
    entry = sending.entry
    if top == entry:
        return Fate.LANDED
    if top is not None and top.position >= entry.position:
        raise Fenced(f"The log stands at {top.position}, past our {entry.position}.")
    if sending.creates:
        return Fate.ABSENT
    if top is None or top.position < Position(entry.position.attempt, acknowledged):
        return Fate.LOST
    return Fate.ABSENT
