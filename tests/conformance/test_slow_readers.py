"""A hundred clients that stop reading: the service behind stops too, and the gateway keeps nothing for them."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import httpx
import pytest
from conformance.processes import GatewayProcess, stopping, until
from conformance.slow_readers import READERS, Endless, begin, resident, slow_readers, until_still
from google.protobuf.message_factory import GetMessageClass

from gateway.image import Image

_GROWTH = 20.0  # MiB that a hundred slow readers may cost
_TEXT = "x" * 1000


@pytest.fixture
async def endless(descriptors: Path) -> Endless:
    item = Image.read(descriptors).pool.FindMessageTypeByName("transcode.conformance.v1.StreamItem")
    return Endless(GetMessageClass(item)(text=_TEXT).SerializeToString())


@pytest.fixture
async def upstream(endless: Endless) -> AsyncIterator[str]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((endless,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


@pytest.fixture
async def gateway(descriptors: Path, upstream: str, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    options = ["--descriptors", str(descriptors), "--upstream", upstream, "--listen", "127.0.0.1:0"]
    process = GatewayProcess(options, tmp_path / "log")
    with stopping(process):
        yield await process.ready()


@pytest.mark.parametrize("accept", ["text/event-stream", "application/x-ndjson", "application/json"])
async def test_slow_readers_slow_the_service_down_and_fill_no_memory(
    endless: Endless, gateway: GatewayProcess, accept: str
) -> None:
    request = f"GET /v1/stream/1 HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\n\r\n".encode()
    with slow_readers(gateway.url, request, 1) as first:
        await begin(first)
    before = resident(gateway.pid)
    with slow_readers(gateway.url, request) as readers:
        await begin(readers)
        await until_still(lambda: endless.made)
        grown = resident(gateway.pid) - before
        assert endless.open == READERS
        assert grown < _GROWTH
        async with httpx.AsyncClient(base_url=gateway.url) as client:  # others are served meanwhile
            assert (await client.get("/v1/nowhere")).status_code == 404
            async with client.stream("GET", "/v1/stream/1") as answer:
                assert (await anext(answer.aiter_bytes())).startswith(b"[{")
    await until(lambda: endless.open == 0)
    assert resident(gateway.pid) - before < _GROWTH
    print(f"{accept}: {grown:.1f} MiB for {READERS} readers, {endless.made} messages made")
