"""What handlers of events do, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.metrics_core import CounterMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector


class HandlerMetrics(Collector):
    """Counts in memory, in the loop's thread alone. Register it with the process' registry."""

    def __init__(self) -> None:
        self._handled: dict[str, int] = {}
        self._tries: dict[str, int] = {}
        self._dead: dict[tuple[str, str], int] = {}
        self._batches: dict[str, int] = {}
        self._seconds: dict[str, float] = {}

    def batch(self, handler: str, events: int, seconds: float) -> None:
        """Count a transaction that handled so many events and took so long, commit included."""
        self._handled[handler] = self._handled.get(handler, 0) + events
        self._batches[handler] = self._batches.get(handler, 0) + 1
        self._seconds[handler] = self._seconds.get(handler, 0.0) + seconds

    def tried(self, handler: str) -> None:
        """Count a try of one event by itself, after it failed among others."""
        self._tries[handler] = self._tries.get(handler, 0) + 1

    def died(self, handler: str, reason: str) -> None:
        """Count an event that became a dead letter."""
        self._dead[handler, reason] = self._dead.get((handler, reason), 0) + 1

    def collect(self) -> Iterator[Metric]:
        """Yield the totals since the process started."""
        handled = CounterMetricFamily("fluentpro_events_handled", "Events handled.", labels=["handler"])
        tries = CounterMetricFamily("fluentpro_event_tries", "Tries of single events.", labels=["handler"])
        dead = CounterMetricFamily("fluentpro_dead_letters", "Events put aside.", labels=["handler", "reason"])
        seconds = SummaryMetricFamily("fluentpro_handling_seconds", "Transactions of handlers.", labels=["handler"])
        for handler, count in tuple(self._handled.items()):  # copies: the page may be made in another thread
            handled.add_metric([handler], count)
        for handler, count in tuple(self._tries.items()):
            tries.add_metric([handler], count)
        for labels, count in tuple(self._dead.items()):
            dead.add_metric(list(labels), count)
        for handler, total in tuple(self._seconds.items()):
            seconds.add_metric([handler], self._batches[handler], total)
        yield from (handled, tries, dead, seconds)
