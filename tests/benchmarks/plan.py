"""How much is measured: a full run, and a quick one that only shows that all of it works."""

from dataclasses import dataclass

IN_FLIGHT = 32
"""Requests under way at once, over either door."""


LONGEST_SECONDS = 900.0
"""What a run may take once the server is up, a full one some 400; beyond it something hangs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How often and how long."""

    rounds: int
    """Each measures everything once, so that what disturbs the machine disturbs all rows alike."""
    load_seconds: float
    """Of each row in each round."""
    warm_up_seconds: float
    starts: int
    """Cold starts, and as many warm ones."""
    messages: int
    """Messages that are sent over each door."""
    calls: int
    """Calls of each row of what is measured within a process, in each round."""
    streams: int
    """Replies that are open at once when live conversations are measured first."""
    more_streams: int
    """How many more with each further step."""
    most_streams: int
    """Where the steps end, if the server has not met its end before."""


FULL = Plan(
    rounds=5,
    load_seconds=2.0,
    warm_up_seconds=0.5,
    starts=3,
    messages=100,
    calls=4000,
    streams=500,
    more_streams=250,
    most_streams=2500,
)
QUICK = Plan(
    rounds=1,
    load_seconds=0.5,
    warm_up_seconds=0.5,
    starts=1,
    messages=10,
    calls=1000,
    streams=40,
    more_streams=20,
    most_streams=80,
)
