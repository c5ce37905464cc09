"""A server as a process of its own: started, waited for, and stopped."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_READY_SECONDS = 90.0
_POLL_SECONDS = 0.005
_STOP_SECONDS = 20.0


class ServerFailed(Exception):
    """A server did not start, or did not stop."""


@contextmanager
def serving(
    command: Sequence[str], environ: Mapping[str, str], log: Path, http_port: int, probe: str = "/readyz"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` for a block, which begins when GET `probe` answers 200. Raises ServerFailed.

    The process inherits the cores of its parent, and writes into `log`.
    """
    with log.open("ab") as output:
        process = subprocess.Popen([*command], env=dict(environ), stdout=output, stderr=output)
        try:
            _wait_until_ready(process, http_port, probe, log)
            yield process
        finally:
            _stop(process)


def free_ports(count: int) -> tuple[int, ...]:
    """Return ports of the loopback on which nobody listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    return ports


def environment(**settings: str) -> dict[str, str]:
    """Return ours with these settings of FluentPro's, and without others, which would change what is measured.

    The learner of a benchmark says more than a person does, and has no limit.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLUENTPRO_")}
    return kept | {"FLUENTPRO_DAILY_TOKENS": "0"} | {f"FLUENTPRO_{name}": value for name, value in settings.items()}


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, probe: str, log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while not _is_ready(port, probe):
        if process.poll() is not None or time.monotonic() > end:
            raise ServerFailed(f"{log.stem} does not come up:\n{log.read_text()[-2000:]}")
        time.sleep(_POLL_SECONDS)


def _is_ready(port: int, probe: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", probe)
        return connection.getresponse().status == 200
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise ServerFailed(f"{process.args!r} did not stop within {_STOP_SECONDS:.0f} s") from None
