"""`fluentpro gateway` as an operator meets it: starting, refusing, probing, stopping."""

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from conformance.processes import GatewayProcess, free_port, stopping, until
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

Start = Callable[..., GatewayProcess]


@pytest.fixture(scope="session")
async def gateway(start_gateway: Start) -> GatewayProcess:
    return await start_gateway("--forward-header", "x-*").ready()


async def _refused(tmp_path: Path, *options: str) -> tuple[int, list[str]]:
    process = GatewayProcess(options, tmp_path / "log")
    with stopping(process):
        return await process.ended(), process.log.splitlines()


async def test_a_taken_port_is_refused_in_one_line(tmp_path: Path, descriptors: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        options = ("--descriptors", str(descriptors), "--upstream", "127.0.0.1:1", "--listen", listen)
        for more in ((), ("--processes", "2")):
            code, lines = await _refused(tmp_path, *options, *more)
            assert (code, lines) == (78, [f"fluentpro: cannot listen on {listen}: the port is taken"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        (b"not an image", "no serialized FileDescriptorSet"),
        (b"\x0a\x0a\x0a\x03a.p\x1a\x03b.p", "lacks b.p"),
    ],
)
async def test_an_image_that_is_none_is_refused_in_one_line(tmp_path: Path, content: bytes | None, says: str) -> None:
    image = tmp_path / "image.pb"
    if content is not None:
        image.write_bytes(content)
    code, lines = await _refused(
        tmp_path, "--descriptors", str(image), "--upstream", "127.0.0.1:1", "--listen", "127.0.0.1:0"
    )
    assert code == 78
    assert len(lines) == 1
    assert says in lines[0]


@pytest.mark.parametrize(("upstream", "listen"), [("nowhere", "127.0.0.1:0"), ("127.0.0.1:1", "127.0.0.1:99999")])
async def test_an_address_that_is_none_is_a_usage_error(
    tmp_path: Path, descriptors: Path, upstream: str, listen: str
) -> None:
    code, lines = await _refused(
        tmp_path, "--descriptors", str(descriptors), "--upstream", upstream, "--listen", listen
    )
    assert code == 2
    assert "expected host:port" in lines[-1]


async def test_probes_tell_whether_the_service_behind_can_be_reached(tmp_path: Path, descriptors: Path) -> None:
    upstream = f"127.0.0.1:{free_port()}"
    options = ["--descriptors", str(descriptors), "--upstream", upstream, "--listen", "127.0.0.1:0"]
    process = GatewayProcess(options, tmp_path / "log")
    with stopping(process):
        await process.up()
        async with httpx.AsyncClient(base_url=process.url) as client:
            assert (await client.get("/livez")).status_code == 200
            assert (await client.get("/readyz")).status_code == 503
            assert (await client.get("/healthz")).json()["checks"] == {"upstream": "timed out"}
            answer = await client.get("/v1/ping")
            assert (answer.status_code, answer.json()["code"]) == (503, 14)


async def test_requests_in_flight_are_finished_and_then_it_ends(start_gateway: Start) -> None:
    process = await start_gateway().ready()
    async with (
        httpx.AsyncClient(base_url=process.url, timeout=20) as client,
        client.stream("GET", "/v1/stream/20?pause_ms=50") as answer,
    ):
        chunks = answer.aiter_bytes()
        body = await anext(chunks)
        process.terminate()
        async for chunk in chunks:
            body += chunk
    assert len(json.loads(body)) == 20
    assert await process.ended() == 0


async def test_several_processes_share_the_port(start_gateway: Start) -> None:
    process = await start_gateway("--processes", "2").ready()
    await until(lambda: process.log.count("serving HTTP on") == 2)
    async with httpx.AsyncClient(base_url=process.url) as client:
        answers = await asyncio.gather(*(client.get("/v1/shelves/s1") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert process.stop() == 0


async def _raw(gateway: GatewayProcess, text: bytes) -> list[int]:
    """Send bytes over one connection and return the statuses that come back before it closes."""
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(text)
        async with asyncio.timeout(10):
            answer = await reader.read()
    finally:
        writer.close()
    return [int(part[1:4]) for part in answer.split(b"HTTP/1.1")[1:]]


_POST = b"POST /v1/types HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
_HIDDEN = b"GET /v1/ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        _POST + b"content-length: 2\r\ncontent-length: 40\r\n\r\n{}" + _HIDDEN,
        _POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + _HIDDEN,
        _POST + b"transfer-encoding: identity\r\ncontent-length: 2\r\n\r\n{}" + _HIDDEN,
        _POST + b"transfer-encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + _HIDDEN,
        _POST + b"transfer-encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + _HIDDEN,
        _POST + b"content-length: +2\r\n\r\n{}" + _HIDDEN,
        _POST + b"content-length : 2\r\n\r\n{}" + _HIDDEN,
        _POST + b"connection: close\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n{}",
    ],
    ids=["lengths", "length+chunked", "identity", "chunked-first", "unknown", "sign", "space", "types"],
)
async def test_a_request_that_frames_itself_twice_hides_no_other(gateway: GatewayProcess, request_bytes: bytes) -> None:
    """It is refused; beside a length, chunks count and the connection ends with the answer (RFC 9112, 6.1)."""
    assert await _raw(gateway, request_bytes) == [200 if b"encoding: chunked\r\n" in request_bytes else 400]


@pytest.mark.parametrize(
    ("path", "rpc", "shelf"),
    [
        ("/v1/shelves/a%2Fb", "GetShelf", "a/b"),
        ("/v1/shelves/%2e%2e", "GetShelf", ".."),
        ("/v1/shelves/featured%2F", "GetShelf", "featured/"),
        ("/v1/shelves/%66eatured", "GetShelf", "featured"),
    ],
)
async def test_an_encoded_path_never_leads_to_another_route(
    gateway: GatewayProcess, path: str, rpc: str, shelf: str
) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        answer = (await client.get(path)).json()
    assert answer == {"rpc": rpc, "request": {"shelf": shelf}}


async def test_headers_too_large_for_the_service_are_the_clients_mistake(gateway: GatewayProcess) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        for size, status in ((6000, 200), (8000, 431), (20_000, 431), (60_000, 431), (100_000, 431)):
            answer = await client.get("/v1/shelves/s1", headers={"x-large": "v" * size})
            assert answer.status_code == status
            assert status == 200 or answer.json()["details"][0]["reason"] == "HEADERS_TOO_LARGE"
        assert (await client.get("/v1/shelves/s1", headers={"large": "v" * 20_000})).status_code == 200


@pytest.mark.parametrize("path", [b"/v1/shelves/../ping", b"/v1/./ping", b"//v1/ping", b"/v1/ping/.."])
async def test_dots_and_doubled_slashes_are_not_resolved(gateway: GatewayProcess, path: bytes) -> None:
    assert await _raw(gateway, b"GET " + path + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n") == [404]


async def test_a_stream_of_lines_is_answered_while_it_is_sent(gateway: GatewayProcess) -> None:
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/chat HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\n")
    writer.write(b"accept: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n")
    async with asyncio.timeout(10):
        for note in (b"a", b"b"):
            line = b'{"note":"%s"}\n' % note
            writer.write(b"%x\r\n%s\r\n" % (len(line), line))
            await reader.readuntil(b'{"note":"%s"}' % note)
        writer.write(b"0\r\n\r\n")
        assert (await reader.readuntil(b"0\r\n\r\n")).endswith(b"0\r\n\r\n")
    writer.close()


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_websockets_have_a_port_of_their_own_where_one_is_named(start_gateway: Start, processes: str) -> None:
    listen = f"127.0.0.1:{free_port()}"
    await start_gateway("--websocket-listen", listen, "--processes", processes).ready()
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{listen}/nowhere")
    assert refused.value.response.status_code == 404
    assert json.loads(refused.value.response.body or b"{}")["code"] == 5
