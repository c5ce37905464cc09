"""The gRPC server of one process."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import grpc.aio
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection

from adapters.settings import Listen
from server.chain import Chain
from server.grpc_adapter import GrpcAdapter
from server.grpc_health import GrpcHealth
from server.ports import PortTaken, reserved

Register: TypeAlias = Callable[[grpc.aio.Server], None]
"""Adds every servicer to a server, by the generated `add_…Servicer_to_server`."""

_HEALTH = "grpc.health.v1.Health"

# Dead connections are found within 30 + 10 s, and clients may ask as often as every 10 s, also while they wait.
_OPTIONS = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.max_receive_message_length", 4 << 20),
)


class GrpcPort:
    """A grpc.aio server whose calls run in the chain, with health, and with reflection where it is wanted."""

    def __init__(self, chain: Chain, register: Register, health: GrpcHealth, *, is_shared: bool) -> None:
        options: Any = (*_OPTIONS, ("grpc.so_reuseport", int(is_shared)))
        self._server = grpc.aio.server(interceptors=[GrpcAdapter(chain)], options=options)
        self._is_shared = is_shared
        register(self._server)
        add_HealthServicer_to_server(health, self._server)

    def reflect(self, services: Iterable[str]) -> None:
        """Describe these services, and health, to clients that ask."""
        reflection.enable_server_reflection((*services, _HEALTH, reflection.SERVICE_NAME), self._server)

    async def start(self, listen: Listen) -> Listen:
        """Serve on `listen` and return it with the port it got. Raises PortTaken or CannotListen."""
        if not self._is_shared:
            with reserved(listen):  # for the reason why not: grpc.aio tells none
                pass
        try:
            port = self._server.add_insecure_port(str(listen))
        except RuntimeError as error:
            raise PortTaken(listen) from error
        await self._server.start()
        return Listen(listen.host, port)

    async def stop(self, grace: float) -> None:
        """Take no more calls, wait at most `grace` seconds for those there are, and cut the rest."""
        await self._server.stop(grace or None)
