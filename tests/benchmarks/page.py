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
    """Something that must not be more than `most`."""

    name: str
    measured: Figure
    most: float
    digits: int = 2

    @property
    def verdict(self) -> str:
        """Whether it is reached."""
        if self.measured is None:
            return NOT_MEASURED
        return "reached" if self.measured <= self.most else "missed"


def goals_table(goals: Iterable[Goal]) -> Table:
    """Return what was wanted beside what was measured."""
    rows = tuple(
        (goal.name, number(goal.most, goal.digits), number(goal.measured, goal.digits), goal.verdict) for goal in goals
    )
    return Table("Goals", ("", "at most", "measured", ""), rows)


def page(tables: Iterable[Table], rounds: int) -> str:
    """Return the page."""
    return "\n\n".join([_HEAD.format(rounds=rounds), *map(render, tables)]) + "\n"
