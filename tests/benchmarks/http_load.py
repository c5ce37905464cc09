"""Load over HTTP/1.1 with connections that are kept: by wrk where it is installed, else by a client of our own."""

import asyncio
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from .load import Load, LoadFailed
from .plan import IN_FLIGHT


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, to a server on this machine."""

    port: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    is_refused: bool = False
    """Whether the answer that is wanted is an error."""

    def message(self) -> bytes:
        """Return it as it goes over the wire."""
        headers = {"host": f"127.0.0.1:{self.port}", **self.headers}
        if self.body:
            headers["content-length"] = str(len(self.body))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def http_load(request: HttpRequest) -> Load:
    """Return the best load there is here."""
    return Wrk(request) if has_wrk() else OwnClient(request)


def has_wrk() -> bool:
    """Tell whether wrk is installed."""
    return shutil.which("wrk") is not None


class Wrk:
    """wrk on one thread: some 10 µs a request, so that the server is what is measured."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    async def run(self, seconds: float) -> tuple[int, float]:
        """See Load."""
        url = f"http://127.0.0.1:{self._request.port}{self._request.path}"
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(_script(self._request))
            script.flush()
            # wrk counts in whole seconds; stopped, it reports what it did until then.
            command = ["wrk", "-t1", f"-c{IN_FLIGHT}", "-d600s", "--timeout", "10s", "-s", script.name, url]
            process = _start(command)
            await asyncio.sleep(seconds)
            process.send_signal(signal.SIGINT)
            output, _ = await asyncio.to_thread(process.communicate)
        return read_wrk(output, is_refused=self._request.is_refused)


def _start(command: list[str]) -> subprocess.Popen[str]:
    # Not asyncio's way: uvloop forks, and a fork beside gRPC's threads is something gRPC complains about.
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def read_wrk(report: str, *, is_refused: bool = False) -> tuple[int, float]:
    """Return requests and seconds out of wrk's report. Raises LoadFailed when answers were not the wanted kind."""
    failed = re.search(r"^\s*(Socket errors.*)$", report, re.MULTILINE)
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    done = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", report)
    if failed or done is None or done[1] == "0":
        raise LoadFailed(f"wrk: {failed[1] if failed else 'no request was answered'}")
    if (errors[1] if errors else "0") != (done[1] if is_refused else "0"):
        raise LoadFailed(f"wrk: of {done[1]} answers {errors[1] if errors else 'none'} were errors")
    return int(done[1]), float(done[2]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}[done[3]]


def _script(request: HttpRequest) -> str:
    headers = "".join(f"wrk.headers[ [==[{name}]==] ] = [==[{value}]==]\n" for name, value in request.headers.items())
    body = f"wrk.body = [==[{request.body.decode()}]==]\n" if request.body else ""
    return f'wrk.method = "{request.method}"\n{headers}{body}'


class OwnClient:
    """Connections that each send the next request when they have the answer."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    async def run(self, seconds: float) -> tuple[int, float]:
        """See Load."""
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        end = loop.time() + seconds
        message, good = self._request.message(), b"HTTP/1.1 4" if self._request.is_refused else b"HTTP/1.1 2"
        opening = [
            loop.create_connection(lambda: _Connection(message, good, end), "127.0.0.1", self._request.port)
            for _ in range(IN_FLIGHT)
        ]
        opened = await asyncio.gather(*opening)
        try:
            counts = await asyncio.gather(*(client.done for _, client in opened))
        finally:
            for transport, _ in opened:
                transport.close()
        return sum(counts), time.perf_counter() - started


class _Connection(asyncio.Protocol):
    """Sends `message` until `end`, in the loop's time; answers begin with `good`. `done` has their number."""

    def __init__(self, message: bytes, good: bytes, end: float) -> None:
        self._message = message
        self._good = good
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._count = 0
        self.done: asyncio.Future[int] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._transport.write(self._message)

    def data_received(self, data: bytes) -> None:
        self._received += data
        size = answer_size(self._received)
        if size is None or len(self._received) < size:
            return
        if not self._received.startswith(self._good):
            self._end_with(LoadFailed(self._received[:500].decode("latin-1")))
            return
        self._count += 1
        self._received = self._received[size:]
        if self._loop.time() < self._end:
            self._transport.write(self._message)
        else:
            self._end_with(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(LoadFailed("the server closed a connection"))

    def _end_with(self, error: LoadFailed | None) -> None:
        if error is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result(self._count)


def answer_size(received: bytes) -> int | None:
    """Return how many bytes an answer has, from its `content-length`; None before its headers are complete."""
    head, end, _ = received.partition(b"\r\n\r\n")
    if not end:
        return None
    found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return len(head) + len(end) + (int(found[1]) if found else 0)
