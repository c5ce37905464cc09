"""Who still uses what is going away: calls of deprecated versions, by method and client."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.shared.clock import Clock

# The first word of a user-agent, as RFC 9110 (10.1.5) has it: a product and mostly its version.
_PRODUCT = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~/-]{1,64}")
_UNNAMED, _OTHERS = "unnamed", "others"
_MAX_CLIENTS = 200  # names kept in one process: clients choose them, and each is a series of its own


@dataclass(frozen=True, slots=True)
class Use:
    """What is counted: on a day in UTC, a client's calls of a method of a version."""

    day: date
    version: str
    """The package, such as `fluentpro.v1`."""
    method: str
    """As gRPC writes it: `/fluentpro.v1.UserService/GetProfile`."""
    client: str
    """Such as `fluentpro-ios/3.2`."""


class ApiUse(Collector):
    """Counts in memory, in the loop's thread alone; Prometheus reads the totals, and a table gets what is new."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._clients: set[str] = set()
        self._totals: dict[tuple[str, str, str], int] = {}
        self._new: dict[Use, int] = {}
        self._seen: set[Use] = set()
        """What was counted today."""

    def client(self, user_agent: str) -> str:
        """Return the name under which a client is counted; after the first 200 all new ones are `others`."""
        product = _PRODUCT.match(user_agent)
        name = product[0] if product is not None else _UNNAMED
        if name not in self._clients:
            if len(self._clients) >= _MAX_CLIENTS:
                return _OTHERS
            self._clients.add(name)
        return name

    def count(self, version: str, method: str, client: str) -> bool:
        """Count one call; tell whether it is this client's first of the day."""
        key = (version, method, client)
        self._totals[key] = self._totals.get(key, 0) + 1
        use = Use(self._clock().date(), *key)
        self._new[use] = self._new.get(use, 0) + 1
        if use in self._seen:
            return False
        self._seen = {known for known in self._seen if known.day == use.day}
        self._seen.add(use)
        return True

    def take(self) -> dict[Use, int]:
        """Return what was counted since the last time."""
        taken, self._new = self._new, {}
        return taken

    def put_back(self, counts: Mapping[Use, int]) -> None:
        """Take back what could not be written."""
        for use, calls in counts.items():
            self._new[use] = self._new.get(use, 0) + calls

    def collect(self) -> Iterator[Metric]:
        """Yield the totals since the process started."""
        labels = ("version", "grpc_service", "grpc_method", "client")
        calls = CounterMetricFamily("fluentpro_deprecated_calls", "Calls of deprecated API versions.", labels=labels)
        for (version, method, client), count in tuple(self._totals.items()):  # a copy: other threads may count
            _, service, name = method.split("/")
            calls.add_metric((version, service, name, client), count)
        yield calls
