"""What puts the server under load, and what is read about it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvloop
from benchmarks.http_load import HttpRequest, OwnClient, answer_size, read_wrk
from benchmarks.load import LoadFailed
from benchmarks.plan import IN_FLIGHT
from benchmarks.process import cpu_of_stat

REPORT = """\
Running 10m test @ http://127.0.0.1:8080/api
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     7.30ms    1.02ms  20.10ms   92.00%
  10960 requests in 2.50s, 4.11MB read
Requests/sec:   4384.00
"""


@pytest.mark.parametrize(("took", "seconds"), [("2.50s", 2.5), ("900.00ms", 0.9), ("1.50m", 90.0), ("80.00us", 8e-5)])
def test_a_report_of_wrk_gives_requests_and_seconds(took: str, seconds: float) -> None:
    assert read_wrk(REPORT.replace("2.50s", took)) == (10960, pytest.approx(seconds))


@pytest.mark.parametrize(
    "report",
    [
        REPORT + "  Non-2xx or 3xx responses: 12\n",
        REPORT + "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
        REPORT.replace("10960 requests", "0 requests"),
        "unable to connect to 127.0.0.1:8080 Connection refused\n",
    ],
)
def test_a_report_of_errors_measures_nothing(report: str) -> None:
    with pytest.raises(LoadFailed):
        read_wrk(report)


def test_where_errors_are_what_is_wanted_all_answers_must_be_errors() -> None:
    all_errors = REPORT + "  Non-2xx or 3xx responses: 10960\n"
    assert read_wrk(all_errors, is_refused=True) == (10960, 2.5)
    for report in (REPORT, REPORT + "  Non-2xx or 3xx responses: 10959\n"):
        with pytest.raises(LoadFailed, match="were errors"):
            read_wrk(report, is_refused=True)


def test_a_request_goes_out_with_its_headers_and_the_size_of_its_body() -> None:
    request = HttpRequest(8080, "POST", "/api", {"authorization": "Bearer t"}, b'{"a": 1}')
    head, _, body = request.message().partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /api HTTP/1.1",
        b"host: 127.0.0.1:8080",
        b"authorization: Bearer t",
        b"content-length: 8",
    ]
    assert body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("received", "size"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 43),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 27),
    ],
)
def test_the_size_of_an_answer_is_known_with_its_headers(received: bytes, size: int | None) -> None:
    assert answer_size(received) == size


@asynccontextmanager
async def _server(answer: bytes) -> AsyncIterator[int]:
    """Give the port of a server that says `answer` to every request, in two pieces."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while await reader.readline() != b"\r\n":
                pass
            writer.write(answer[:20])
            await writer.drain()
            await asyncio.sleep(0)
            writer.write(answer[20:])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_our_own_client_counts_the_answers_on_either_loop(run: Callable[..., tuple[int, float]]) -> None:
    async def load() -> tuple[int, float]:
        async with _server(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok") as port, asyncio.timeout(10):
            return await OwnClient(HttpRequest(port, "GET", "/", {})).run(0.05)

    requests, seconds = run(load())
    assert requests >= IN_FLIGHT
    assert seconds > 0  # how long exactly is the loop's affair: uvloop's timers go by whole milliseconds


@pytest.mark.parametrize("answer", [b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", b""])
async def test_our_own_client_takes_no_refusal_for_an_answer(answer: bytes) -> None:
    async def hang_up_or_refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(hang_up_or_refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(LoadFailed):
            await OwnClient(HttpRequest(port, "GET", "/", {})).run(0.05)


def test_the_cpu_of_a_process_is_found_behind_a_name_with_blanks() -> None:
    stat = "4711 (fluent (pro) x) S 1 4711 4711 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 12345 0 0"
    assert cpu_of_stat(stat, ticks_per_second=100) == 3.0
