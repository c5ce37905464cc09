"""The page that `make bench` writes."""

from collections.abc import Iterable
from dataclasses import dataclass

from .figures import Figure
from .table import NOT_MEASURED, Table, number, render

_HEAD = """\
# Benchmarks

What `make bench` measured when it last ran, rounds: {rounds}. In each round everything is measured once; the figures
are the rounds' medians. Rates and times belong to the machine below, and to what else it did meanwhile: they move by a
fifth from run to run, while ratios hold."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that must not be more than `bound`, or not less when that is a floor."""

    name: str
    measured: Figure
    bound: float
    is_floor: bool = False
    digits: int = 2

    @property
    def verdict(self) -> str:
        """Whether it is reached."""
        if self.measured is None:
            return NOT_MEASURED
        is_reached = self.measured >= self.bound if self.is_floor else self.measured <= self.bound
        return "reached" if is_reached else "missed"

    @property
    def wanted(self) -> str:
        """The bound in words."""
        return f"{'at least' if self.is_floor else 'at most'} {number(self.bound, self.digits)}"


def goals_table(goals: Iterable[Goal]) -> Table:
    """Return what was wanted beside what was measured."""
    rows = tuple((goal.name, goal.wanted, number(goal.measured, goal.digits), goal.verdict) for goal in goals)
    return Table("Goals", ("", "wanted", "measured", ""), rows)


def page(tables: Iterable[Table], rounds: int) -> str:
    """Return the page."""
    return "\n\n".join([_HEAD.format(rounds=rounds), *map(render, tables)]) + "\n"
