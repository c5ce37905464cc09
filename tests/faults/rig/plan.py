"""How much is run: which scenarios, how often, and how large."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from .report import Report
    from .stage import Stage

T = TypeVar("T")


class Size(StrEnum):
    """The three sizes; each has a command."""

    SMOKE = "smoke"
    """Under 4 minutes, with each change."""
    CARD = "card"
    """Some 40 minutes."""
    SOAK = "soak"
    """About two hours, once a release."""

    @property
    def slack(self) -> float:
        """How many times as long as promised things may take: a smoke run shares its machine."""
        return 5.0 if self is Size.SMOKE else 1.0

    def pick(self, smoke: T, card: T, soak: T) -> T:
        """Return the value that belongs to this size."""
        return {Size.SMOKE: smoke, Size.CARD: card, Size.SOAK: soak}[self]


class Part(StrEnum):
    """What breaks; each is a folder of `scenarios/` and a table of the page."""

    EVENTS = "events"
    JOBS = "jobs"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault and what is promised under it.

    `run` is one run on a fresh stage: it makes faults and takes note of what it finds in the report. How often it runs
    in each size is `smoke`, `card` and `soak`; 0 leaves it out.
    """

    id: str
    promise: str
    run: Callable[["Stage", "Report"], Awaitable[None]]
    smoke: int = 1
    card: int = 1
    soak: int = 5

    def times(self, size: Size) -> int:
        """Return how often it runs."""
        return size.pick(self.smoke, self.card, self.soak)
