"""What can be wrong with a stored conversation, and what mends it."""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias
from uuid import UUID

from domain.practice.model import Turn


@dataclass(frozen=True, slots=True)
class EndReply:
    """A reply that nobody produces any more is ended, with what was said kept."""

    generation_id: UUID
    deed: ClassVar[str] = "the reply is ended, with what was said kept"


@dataclass(frozen=True, slots=True)
class SetActive:
    """The conversation names the reply that is under way, or none."""

    generation_id: UUID | None

    @property
    def deed(self) -> str:
        """What is done."""
        named = "no reply" if self.generation_id is None else f"generation {self.generation_id}"
        return f"the conversation names {named} as under way"


@dataclass(frozen=True, slots=True)
class RestoreTurn:
    """A turn is written again as its event has it. The client's id of a message is in no event, and stays lost."""

    turn: Turn
    deed: ClassVar[str] = "the turn is restored from its event"


@dataclass(frozen=True, slots=True)
class CountTurns:
    """The conversation counts its turns anew."""

    turns: int
    deed: ClassVar[str] = "the turns are counted anew"


@dataclass(frozen=True, slots=True)
class RaiseVersion:
    """The conversation's version becomes higher than `version`."""

    version: int
    deed: ClassVar[str] = "the version is raised"


@dataclass(frozen=True, slots=True)
class DropLog:
    """A reply's log is removed: its readers get the reply from the database."""

    generation_id: UUID
    deed: ClassVar[str] = "the log is removed, and readers get the reply from the database"


OfRows: TypeAlias = SetActive | RestoreTurn | CountTurns | RaiseVersion
"""What changes rows of the conversation, all of it at once."""
Repair: TypeAlias = EndReply | DropLog | OfRows


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it should be.

    `place` is where, such as `turn 3` or `generation 7f0c…`; `problem` is for people and repeats no words of theirs.
    A `repair` of None: it cannot be mended without knowing more than is stored.
    """

    place: str
    problem: str
    repair: Repair | None = None

    @property
    def recoverable(self) -> bool:
        """Whether it can be mended."""
        return self.repair is not None

    def __str__(self) -> str:
        """Return both in one line."""
        return f"{self.place} {self.problem}"
