"""Load over gRPC: grpc.aio's client, on one channel."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc.aio

from .load import LoadFailed
from .plan import IN_FLIGHT


@dataclass(slots=True)
class GrpcLoad:
    """Calls one unary method. Messages stay bytes: the client's CPU is not what is measured."""

    channel: grpc.aio.Channel
    method: str
    request: bytes
    metadata: Mapping[str, str]
    _count: int = field(default=0, init=False)

    async def run(self, seconds: float) -> tuple[int, float]:
        """See Load."""
        self._count = 0
        started = time.perf_counter()
        try:
            await asyncio.gather(*(self._caller(started + seconds) for _ in range(IN_FLIGHT)))
        except grpc.aio.AioRpcError as error:
            raise LoadFailed(f"{self.method}: {error.code().name} {error.details()}") from error
        return self._count, time.perf_counter() - started

    async def _caller(self, end: float) -> None:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self.channel.unary_unary(self.method)
        metadata = tuple(self.metadata.items())
        while time.perf_counter() < end:
            await call(self.request, metadata=metadata)
            self._count += 1
