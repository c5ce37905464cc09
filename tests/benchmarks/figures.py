"""The arithmetic of the benchmarks: medians, percentiles, ratios, and what a stretch of load amounts to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median as _median

Figure = float | None
"""A number, or None where this machine cannot measure it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A stretch of load: how many requests in how many seconds, and the CPU that the server spent on them."""

    requests: int
    seconds: float
    cpu_seconds: Figure

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def cpu_micros(self) -> Figure:
        """CPU of the server in microseconds per request."""
        return None if self.cpu_seconds is None else self.cpu_seconds / self.requests * 1e6


def median(values: Sequence[Figure]) -> Figure:
    """Return the median; None when a value is missing, or all are."""
    known = [value for value in values if value is not None]
    return _median(known) if known and len(known) == len(values) else None


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the smallest value that `percent` of all do not exceed (nearest rank). Raises ValueError without any."""
    if not values:
        raise ValueError("a percentile of nothing")
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]


def ratio(over: Figure, under: Figure) -> Figure:
    """Return `over` / `under`; None when either is missing."""
    return None if over is None or not under else over / under


def median_ratio(overs: Sequence[Figure], unders: Sequence[Figure]) -> Figure:
    """Return the median of the ratios round by round: what slows a whole round down falls out of it."""
    return median([ratio(over, under) for over, under in zip(overs, unders, strict=True)])
