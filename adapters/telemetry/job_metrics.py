"""Metrics of the jobs: what waits, for how long, what failed, and whether the processes that run them live."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.sql.engine import Connections
from adapters.sql.job_figures import JobFigures, read_figures
from domain.shared.errors import Unavailable

REFRESH_SECONDS = 5.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class DispatchCounts:
    """What one dispatcher has done so far, in jobs; counted in the loop's thread alone."""

    sent: int = 0
    unsent: int = 0
    """That the broker did not take."""
    sent_again: int = 0
    taken_back: int = 0
    """Whose worker died."""


class JobMetrics(Collector):
    """Shows the figures of the last look at the tables, and what this process' dispatcher did."""

    def __init__(self, connections: Connections, counts: DispatchCounts, registry: CollectorRegistry) -> None:
        self._connections = connections
        self._counts = counts
        self._figures: JobFigures | None = None
        registry.register(self)

    async def run(self) -> NoReturn:
        """Look at the tables every few seconds until cancelled."""
        while True:
            try:
                await self.refresh()
            except Unavailable as error:
                self._figures = None  # no figures are better than old ones
                _log.warning("The figures of the jobs have to wait: %s", error)
            await asyncio.sleep(REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Look at the tables. Raises Unavailable."""
        self._figures = await read_figures(self._connections)

    def collect(self) -> Iterator[Metric]:
        """Yield what is known."""
        for name in ("sent", "unsent", "sent_again", "taken_back"):
            help_text = f"Jobs that this dispatcher counted as {name}."
            yield CounterMetricFamily(f"fluentpro_jobs_{name}", help_text, value=getattr(self._counts, name))
        if self._figures is not None:
            yield from _gauges(self._figures)


def _gauges(figures: JobFigures) -> Iterator[Metric]:
    yield _gauge("fluentpro_jobs", "Jobs; ended ones of the last hour.", ("queue", "state"), figures.counts)
    failed = "Jobs that failed for good in the last hour."
    yield _gauge("fluentpro_jobs_failed", failed, ("name", "reason"), figures.failed)
    due = "Since when the oldest waiting job is due."
    yield _gauge("fluentpro_jobs_due_seconds", due, ("queue",), _single(figures.due_seconds))
    sent = "Since when the oldest job that was sent waits for a worker."
    yield _gauge("fluentpro_jobs_sent_seconds", sent, ("queue",), _single(figures.sent_seconds))
    beat = "Since when a process that runs jobs has said nothing; over 30 it is unhealthy."
    yield _gauge("fluentpro_worker_beat_seconds", beat, ("node", "pid"), figures.beat_seconds)


def _single(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(key,): value for key, value in values.items()}


def _gauge(name: str, text: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        gauge.add_metric(key, value)
    return gauge
