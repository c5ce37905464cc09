"""What gRPC's own faults become at the door to the chain."""

import grpc.aio
import pytest
from grpc._cython.cygrpc import _ServerStoppedError

from server.grpc_adapter import _until_stopped
from server.interruption import ServerStopping


async def test_messages_that_grpc_reads_no_more_because_it_stops_end_as_those_of_a_server_that_stops() -> None:
    async def messages():
        yield b"one"
        raise _ServerStoppedError("Server already stopped.")

    read = _until_stopped(messages())
    assert await anext(read) == b"one"
    with pytest.raises(ServerStopping):
        await anext(read)


async def test_other_faults_of_grpc_stay_what_they_are() -> None:
    async def messages():
        raise grpc.aio.UsageError("RPC already finished.")
        yield b""

    with pytest.raises(grpc.aio.UsageError):
        await anext(_until_stopped(messages()))
