"""Metrics of the gRPC methods, under the names that the gRPC ecosystem's dashboards use (`grpc_server_…`)."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

# From an in-process answer (a fraction of a millisecond) up to the longest a stream may take.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0)
_METHOD = ("grpc_type", "grpc_service", "grpc_method")

CONTENT_TYPE: str = CONTENT_TYPE_LATEST
"""What `exposition` gives, as a Content-Type."""


@dataclass(frozen=True, slots=True)
class RpcMetrics:
    """The metrics of one method, with their labels looked up once."""

    started: Counter
    seconds: Histogram
    received: Counter
    sent: Counter
    handled: Counter
    """Lacks its last label, the code: `handled.labels(…)` is kept by code in `codes`."""
    labels: tuple[str, str, str]
    codes: dict[str, Counter]

    def begin(self) -> None:
        """Count a call that has started."""
        self.started.inc()

    def end(self, code: str, seconds: float, received: int, sent: int) -> None:
        """Count a call that has ended with the code, as gRPC spells it (`OK`, `NotFound`)."""
        handled = self.codes.get(code)
        if handled is None:
            handled = self.codes[code] = self.handled.labels(*self.labels, code)
        handled.inc()
        self.seconds.observe(seconds)
        if received:
            self.received.inc(received)
        if sent:
            self.sent.inc(sent)


class GrpcServerMetrics:
    """Counts calls and messages, and measures calls, by method."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._started = Counter("grpc_server_started", "RPCs started.", _METHOD, registry=registry)
        self._handled = Counter(
            "grpc_server_handled", "RPCs completed, whatever the outcome.", (*_METHOD, "grpc_code"), registry=registry
        )
        self._seconds = Histogram(
            "grpc_server_handling_seconds", "Time from start to end.", _METHOD, buckets=_SECONDS, registry=registry
        )
        self._received = Counter("grpc_server_msg_received", "Messages received.", _METHOD, registry=registry)
        self._sent = Counter("grpc_server_msg_sent", "Messages sent.", _METHOD, registry=registry)

    def of(self, method: str, *, client_streams: bool, server_streams: bool) -> RpcMetrics:
        """Return the metrics of `/package.Service/Method`, which show up from now on."""
        _, service, name = method.split("/")
        labels = (_kind(client_streams, server_streams), service, name)
        return RpcMetrics(
            started=self._started.labels(*labels),
            seconds=self._seconds.labels(*labels),
            received=self._received.labels(*labels),
            sent=self._sent.labels(*labels),
            handled=self._handled,
            labels=labels,
            codes={},
        )


def exposition(registry: CollectorRegistry) -> bytes:
    """Return everything in the registry as Prometheus reads it."""
    return generate_latest(registry)


def _kind(client_streams: bool, server_streams: bool) -> str:
    return {
        (False, False): "unary",
        (False, True): "server_stream",
        (True, False): "client_stream",
        (True, True): "bidi_stream",
    }[client_streams, server_streams]
