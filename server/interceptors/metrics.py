"""Counting and timing calls, by method."""

import time
from collections.abc import Iterable

from google.rpc.code_pb2 import Code

from adapters.telemetry.metrics import GrpcServerMetrics, RpcMetrics
from server.call import Call
from server.chain import Interceptor
from server.policies import MethodPolicy

# As go-grpc-prometheus spells codes, which is what dashboards look for: `NotFound`, and `OK` as it is.
_CODES = {
    number: name if name == "OK" else "".join(part.capitalize() for part in name.split("_"))
    for name, number in Code.items()
} | {Code.Value("CANCELLED"): "Canceled"}


class Metrics(Interceptor):
    """Keeps the metrics of the methods it was told of."""

    def __init__(self, metrics: GrpcServerMetrics, methods: Iterable[MethodPolicy]) -> None:
        self._methods: dict[str, RpcMetrics] = {
            method.name: metrics.of(
                method.name, client_streams=method.client_streams, server_streams=method.server_streams
            )
            for method in methods
        }

    async def begin(self, call: Call) -> None:
        """Count the start."""
        self._methods[call.method].begin()

    def end(self, call: Call) -> None:
        """Count the end."""
        seconds = time.monotonic() - call.started
        self._methods[call.method].end(_CODES[call.code], seconds, call.received, call.sent)
