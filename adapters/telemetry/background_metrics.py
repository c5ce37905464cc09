"""What background work does, for Prometheus."""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.bus.trimming import StreamState
from adapters.sql.lag import Lag


class BackgroundMetrics(Collector):
    """Counts in memory, in the loop's thread alone. Register it with the process' registry.

    How far behind the relay and the handlers are is known to the one process that looks (`upkeep` leads): the others
    do not show it.
    """

    def __init__(self) -> None:
        self._published: dict[str, int] = {}
        self._republished = 0
        self._losses = 0
        self._unroutable = 0
        self._restarts: dict[str, int] = {}
        self._leads: dict[str, bool] = {}
        self._unpublished: tuple[int, float] | None = None
        self._lags: Sequence[Lag] = ()
        self._streams: Mapping[str, StreamState] = {}

    def published(self, stream: str, entries: int) -> None:
        """Count entries that the relay has added to a stream."""
        self._published[stream] = self._published.get(stream, 0) + entries

    def bus_lost_data(self, republished: int) -> None:
        """Count that Redis had less than it was given, and the events that are published again for it."""
        self._losses += 1
        self._republished += republished

    def unroutable(self, events: int) -> None:
        """Count events of streams that no area has."""
        self._unroutable += events

    def restarted(self, part: str) -> None:
        """Count that a part failed and is started again."""
        self._restarts[part] = self._restarts.get(part, 0) + 1

    def leads(self, name: str, *, leads: bool) -> None:
        """Take note of whether this process leads."""
        self._leads[name] = leads

    def looked(self, unpublished: tuple[int, float], lags: Sequence[Lag]) -> None:
        """Take note of how many events wait for the relay, the age of the oldest, and the handlers' lags."""
        self._unpublished, self._lags = unpublished, lags

    def trimmed(self, streams: Mapping[str, StreamState]) -> None:
        """Take note of the streams as trimming left them."""
        self._streams = streams

    def overlook(self) -> None:
        """Forget what another process sees from now on."""
        self._unpublished, self._lags, self._streams = None, (), {}

    def collect(self) -> Iterator[Metric]:
        """Yield everything; called in another thread, so it works on copies."""
        yield from self._counters()
        yield _gauge("fluentpro_leads", "Whether this process leads.", "name", self._leads)
        yield from self._relay_lag()
        yield from self._handler_lags()
        yield from self._bus()

    def _counters(self) -> Iterator[Metric]:
        published = CounterMetricFamily("fluentpro_relay_entries_published", "Entries added.", labels=["stream"])
        for stream, count in tuple(self._published.items()):
            published.add_metric([stream], count)
        restarts = CounterMetricFamily("fluentpro_background_restarts", "Parts that failed.", labels=["part"])
        for part, count in tuple(self._restarts.items()):
            restarts.add_metric([part], count)
        yield from (published, restarts)
        yield CounterMetricFamily("fluentpro_bus_losses", "Times that Redis had lost entries.", self._losses)
        yield CounterMetricFamily("fluentpro_bus_republished", "Events published again for it.", self._republished)
        yield CounterMetricFamily("fluentpro_relay_unroutable", "Events that no stream takes.", self._unroutable)

    def _relay_lag(self) -> Iterator[Metric]:
        if self._unpublished is None:
            return
        events, seconds = self._unpublished
        yield GaugeMetricFamily("fluentpro_relay_unpublished_events", "Events that wait for the relay.", events)
        yield GaugeMetricFamily("fluentpro_relay_unpublished_seconds", "Age of the oldest of them.", seconds)

    def _handler_lags(self) -> Iterator[Metric]:
        lags = self._lags
        for name, help_text, values in (
            ("behind_events", "Events it has not passed.", {lag.handler: lag.behind for lag in lags}),
            ("behind_seconds", "Age of the oldest of them.", {lag.handler: lag.oldest_seconds for lag in lags}),
            ("held_up_streams", "Streams whose event is tried again.", {lag.handler: lag.tried for lag in lags}),
            ("open_dead_letters", "Dead letters that wait for somebody.", {lag.handler: lag.dead for lag in lags}),
        ):
            yield _gauge(f"fluentpro_handler_{name}", help_text, "handler", values)

    def _bus(self) -> Iterator[Metric]:
        entries = {name: state.entries for name, state in self._streams.items()}
        oldest = {name: state.oldest_unacknowledged for name, state in self._streams.items()}
        yield _gauge("fluentpro_bus_entries", "Entries of a stream.", "stream", entries)
        yield _gauge("fluentpro_bus_unacknowledged_seconds", "Age of what a group still needs.", "stream", oldest)


def _gauge(name: str, help_text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for each, value in tuple(values.items()):
        family.add_metric([each], value)
    return family
