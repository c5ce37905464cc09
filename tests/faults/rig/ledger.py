"""The ledger: what was written, what of it was acknowledged, and what became of it.

A driver writes numbered facts and notes each answer here. A checker reads back which numbers there are, and
`Ledger.compare` says what does not fit. An acknowledged fact must be there once; one without an answer may be there
once or not at all; nothing else may be there.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum


class Answer(Enum):
    """How an attempt to write a fact ended."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    """The server answered, with an error: whether the fact stands is left open, as after a lost answer."""
    CUT = "cut"
    """The connection was refused or broke."""
    HUNG = "hung"
    """No answer within the driver's patience, which is longer than every deadline."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: times by the monotonic clock, and the HTTP status where there was one (else 0)."""

    number: int
    answer: Answer
    began: float
    ended: float
    status: int = 0
    detail: str = ""
    """The beginning of what the server said when it refused."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Differences:
    """What does not fit; each is a set of facts' numbers. All empty: every fact is where it should be."""

    lost: frozenset[int] = frozenset()
    """Acknowledged, and not there."""
    doubled: frozenset[int] = frozenset()
    """There more than once."""
    invented: frozenset[int] = frozenset()
    """There, and never written."""

    def __str__(self) -> str:
        kinds = {"lost": self.lost, "doubled": self.doubled, "never written": self.invented}
        told = (f"{len(numbers)} {kind} ({_some(numbers)})" for kind, numbers in kinds.items() if numbers)
        return ", ".join(told) or "none"


@dataclass(slots=True)
class Ledger:
    """The facts of one run."""

    attempts: list[Attempt] = field(default_factory=list)
    _begun: set[int] = field(default_factory=set)
    _next: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def begin(self) -> int:
        """Return the number of a new fact, which from now on may be there."""
        number = next(self._next)
        self._begun.add(number)
        return number

    def note(self, attempt: Attempt) -> None:
        """Write down how an attempt ended."""
        self.attempts.append(attempt)

    @property
    def acknowledged(self) -> frozenset[int]:
        """The facts that somebody was told to be there."""
        return frozenset(attempt.number for attempt in self.attempts if attempt.answer is Answer.ACKNOWLEDGED)

    def summary(self) -> str:
        """Tell how the attempts ended, and how long the longest of each kind took."""
        counts, longest = Counter[str](), dict[str, float]()
        for attempt in self.attempts:
            kind = " ".join(filter(None, (attempt.answer.value, str(attempt.status or ""), attempt.detail)))
            longest[kind] = max(attempt.seconds, longest.get(kind, 0.0))
            counts[kind] += 1
        told = (f"{counts[kind]} {kind} (at most {seconds:.2f} s)" for kind, seconds in longest.items())
        return f"{len(self._begun)} facts begun: " + (", ".join(told) or "none ended")

    def since(self, moment: float) -> list[Attempt]:
        """Return the attempts that began after `moment` of the monotonic clock."""
        return [attempt for attempt in self.attempts if attempt.began >= moment]

    def compare(self, found: Iterable[int]) -> Differences:
        """Compare with the numbers that were found, each as often as it was."""
        times = Counter(found)
        return Differences(
            lost=self.acknowledged - times.keys(),
            doubled=frozenset(number for number, count in times.items() if count > 1),
            invented=frozenset(times.keys() - self._begun),
        )


def _some(numbers: AbstractSet[int]) -> str:
    first = sorted(numbers)[:5]
    return ", ".join(map(str, first)) + (", …" if len(numbers) > len(first) else "")
