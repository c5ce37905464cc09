"""`/metrics`, for whoever is on this machine."""

import ipaddress

from prometheus_client import CollectorRegistry

from adapters.telemetry.metrics import CONTENT_TYPE, exposition
from server.asgi import Receive, Scope, Send, respond

PATH = "/metrics"

# A proxy on this machine makes strangers look local; these headers are how it shows.
_FORWARDED = frozenset([b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"])


class MetricsPage:
    """An ASGI application that gives the metrics to loopback peers; to others there is no such page."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one scrape."""
        if scope["method"] not in ("GET", "HEAD") or not _is_local(scope):
            await respond(scope, send, 404, "text/plain", b"not found\n")
            return
        await respond(scope, send, 200, CONTENT_TYPE, exposition(self._registry))


def _is_local(scope: Scope) -> bool:
    if any(name.lower() in _FORWARDED for name, _ in scope["headers"]):
        return False
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # 127.0.0.1, as a socket for both families sees it
    return (mapped or address).is_loopback
