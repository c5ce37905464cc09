"""Metrics on an address of their own, for a scraper that is not on this machine."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, start_http_server

from adapters.settings import Listen
from server.ports import reserved

Stop = Callable[[], None]


def serve_metrics(listen: Listen, registry: CollectorRegistry) -> Stop:
    """Serve the registry on `listen`, at any path, from a thread; return what ends it.

    Raises PortTaken or CannotListen.
    """
    with reserved(listen):  # for the reason why not, in the same words as for the other ports
        pass
    server, thread = start_http_server(listen.port, addr=listen.host, registry=registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
