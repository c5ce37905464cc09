"""A reply as its readers see it: positions, events, and the entries of a generation's log."""

import re
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

_CURSOR = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([1-9][0-9]{0,8})-([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a generation's log. A higher attempt comes after every sequence of a lower one."""

    attempt: int
    sequence: int


def cursor(generation_id: UUID | str, position: Position) -> str:
    """Return the cursor that stands for `position`: `<generation>:<attempt>-<sequence>`."""
    return f"{generation_id}:{position.attempt}-{position.sequence}"


def parse_cursor(text: str) -> tuple[UUID, Position] | None:
    """Return what `cursor` was given, None when `text` is no cursor."""
    found = _CURSOR.fullmatch(text)
    if found is None:
        return None
    return UUID(found[1]), Position(int(found[2]), int(found[3]))


@dataclass(frozen=True, slots=True)
class Accepted:
    """The learner's message is stored as turn `turn_id`."""

    turn_id: UUID


@dataclass(frozen=True, slots=True)
class Started:
    """The partner begins, played by `model`.

    `degraded`: the log is away, so only readers in the producer's own process can follow.
    """

    model: str
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the reply, to be appended."""

    text: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole reply so far, in place of all text before."""

    text: str


@dataclass(frozen=True, slots=True)
class Reset:
    """The text so far is void, because another attempt begins; `reason` is an ErrorReason without its prefix."""

    reason: str


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """What the reply cost, in the model's own tokens."""

    input_tokens: int
    output_tokens: int

    @property
    def total(self) -> int:
        """All tokens."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Completed:
    """The reply is whole and stored as turn `turn_id`; `finish_reason` is `stop` or `length`."""

    turn_id: UUID
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The reply was stopped; what was said so far is turn `turn_id`, None when nothing was."""

    turn_id: UUID | None


@dataclass(frozen=True, slots=True)
class Failed:
    """The reply broke off; `reason` is an ErrorReason without its prefix, `message` is for people."""

    reason: str
    message: str
    retryable: bool
    turn_id: UUID | None


ReplyEvent: TypeAlias = Accepted | Started | TextDelta | Snapshot | Reset | TokenUsage | Completed | Cancelled | Failed
LAST_EVENTS = (Completed, Cancelled, Failed)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One event at its place.

    Several deltas may have been joined into one: then `position.sequence` is the last one's and `first` the first's.
    Otherwise the two are equal.
    """

    position: Position
    first: int
    event: ReplyEvent

    @property
    def is_last(self) -> bool:
        """Whether nothing can come after it."""
        return isinstance(self.event, LAST_EVENTS)
