"""What a scenario found: the row that it makes in the table."""

from dataclasses import dataclass, field

from .ledger import Differences, Ledger


@dataclass(slots=True)
class Report:
    """All runs of one scenario together. Every broken promise is a sentence in `broken`."""

    id: str
    promise: str
    slack: float = 1.0
    """How many times as long as promised things may take."""
    runs: int = 0
    faults: int = 0
    facts: int = 0
    """How many facts were acknowledged."""
    lost: int = 0
    doubled: int = 0
    partial: int = 0
    stuck: int = 0
    duplicates: int = 0
    """How many deliveries repeated one that there had been: allowed, and told."""
    recoveries: list[float] = field(default_factory=list)
    """The seconds from each fault's end, or from the kill, until all was well again."""
    broken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is worth saying beside the row."""
    seconds: float = 0.0

    @property
    def is_kept(self) -> bool:
        """Whether every promise was kept, by at least one run."""
        return self.runs > 0 and not self.broken

    def require(self, holds: bool, otherwise: str) -> None:
        """Note a broken promise unless it holds."""
        if not holds:
            self.broken.append(f"run {self.runs}: {otherwise}")

    def within(self, seconds: float, promised: float, what: str) -> None:
        """Note a broken promise unless `seconds` is at most what was promised, times the slack."""
        self.require(seconds <= promised * self.slack, f"{what} took {seconds:.2f} s of {promised:g}")

    def recovered(self, seconds: float, promised: float, what: str) -> None:
        """Take note of a recovery, and of a broken promise if it took longer."""
        self.recoveries.append(seconds)
        self.within(seconds, promised, what)

    def judge(self, ledger: Ledger, differences: Differences, partial: int = 0, stuck: int = 0) -> None:
        """Take note of what a checker found of one ledger. Anything at all is a broken promise."""
        self.facts += len(ledger.acknowledged)
        self.lost += len(differences.lost)
        self.doubled += len(differences.doubled)
        self.partial += partial
        self.stuck += stuck
        self.require(differences == Differences(), f"facts {differences}")
        self.require(partial == 0, f"{partial} transactions took place in part")
        self.require(stuck == 0, f"{stuck} events are stuck")
