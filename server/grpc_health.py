"""Health as gRPC probes ask for it: `grpc.health.v1`, for the server as a whole ("") and for each service."""

import asyncio
from collections.abc import Iterable
from typing import Any

import grpc
from grpc_health.v1.health import aio
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from server.readiness import CACHE_SECONDS, Readiness


class GrpcHealth(aio.HealthServicer):
    """Says of every service what the readiness checks say. Check asks them; Watch follows `keep_fresh`."""

    def __init__(self, readiness: Readiness, services: Iterable[str]) -> None:
        super().__init__()
        self._readiness = readiness
        self._services = ("", *services)
        self._was_ready: bool | None = None
        self._is_over = asyncio.Event()

    async def Check(self, request: HealthCheckRequest, context: Any) -> HealthCheckResponse:  # noqa: N802 - gRPC's
        """Answer one probe with the present state. NOT_FOUND for a service that is not here."""
        await self.refresh()
        response: HealthCheckResponse = await super().Check(request, context)
        return response

    async def Watch(self, request: HealthCheckRequest, context: Any) -> None:  # noqa: N802 - gRPC's
        """Send the state, and again whenever it changes, until `end_watches`."""
        watching = asyncio.create_task(super().Watch(request, context))
        over = asyncio.create_task(self._is_over.wait())
        try:
            await asyncio.wait({watching, over}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                await watching
            # Cancelling alone would leave the RPC open: grpc.aio sends no status for it.
            await context.abort(grpc.StatusCode.UNAVAILABLE, "The server is stopping.")
        finally:
            watching.cancel()
            over.cancel()

    async def refresh(self) -> None:
        """Ask the checks, and tell whoever watches when the answer has changed."""
        report = await self._readiness.report()
        if report.is_ready == self._was_ready:
            return
        self._was_ready = report.is_ready
        status = HealthCheckResponse.SERVING if report.is_ready else HealthCheckResponse.NOT_SERVING
        for service in self._services:
            await self.set(service, status)

    async def keep_fresh(self) -> None:
        """Refresh for ever."""
        while True:
            await self.refresh()
            await asyncio.sleep(CACHE_SECONDS)

    def end_watches(self) -> None:
        """End every Watch: they would keep a server that drains waiting."""
        self._is_over.set()
