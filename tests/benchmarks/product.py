"""FluentPro as a process of its own, the way a developer starts it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

COMMAND = [sys.executable, "-m", "server.cli"]
_READY_SECONDS = 90.0
_POLL_SECONDS = 0.005
_STOP_SECONDS = 20.0


class ProductFailed(Exception):
    """FluentPro did not start, or did not stop."""


@dataclass(frozen=True, slots=True)
class Product:
    """A FluentPro that serves on this machine."""

    pid: int
    http_port: int
    grpc_port: int
    folder: Path
    """Its data folder."""
    ready_after: float
    """Seconds from the start of the command to a 200 of `/readyz`."""


@contextmanager
def running(folder: Path) -> Iterator[Product]:
    """Run `fluentpro dev` in `folder` for a block, with a model that says its words without a pause.

    The process inherits the cores of its parent. Raises ProductFailed.
    """
    http_port, grpc_port = _free_ports(2)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".log").open("ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*COMMAND, "dev"], env=_environment(folder, http_port, grpc_port), stdout=log, stderr=log
        )
        try:
            _wait_until_ready(process, http_port, Path(log.name))
            yield Product(process.pid, http_port, grpc_port, folder, ready_after=time.perf_counter() - started)
        finally:
            _stop(process)


def _environment(folder: Path, http_port: int, grpc_port: int) -> dict[str, str]:
    """Return ours without FluentPro's settings, which would change what is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLUENTPRO_")}
    return kept | {
        "FLUENTPRO_DATA_DIR": str(folder),
        "FLUENTPRO_HTTP_LISTEN": f"127.0.0.1:{http_port}",
        "FLUENTPRO_GRPC_LISTEN": f"127.0.0.1:{grpc_port}",
        "FLUENTPRO_SCRIPTED_WORD_SECONDS": "0",
    }


def _free_ports(count: int) -> tuple[int, ...]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    return ports


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while not _is_ready(port):
        if process.poll() is not None or time.monotonic() > end:
            raise ProductFailed(f"`fluentpro dev` does not come up:\n{log.read_text()[-2000:]}")
        time.sleep(_POLL_SECONDS)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise ProductFailed(f"`fluentpro dev` did not stop within {_STOP_SECONDS:.0f} s") from None
