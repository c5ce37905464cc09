"""Processes of the product's own, with an environment of their own, that a test kills, pauses and stops."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from adapters.engines.entry import entry_step

from .family import family, send
from .waiting import until

ROOT = Path(__file__).parents[3]

_READY_SECONDS = 60.0
_END_SECONDS = 40.0
"""More than the longest `shutdown_seconds`."""

_LISTENS_ON_HTTP = re.compile(r"HTTP on (127\.0\.0\.1:[0-9]+)")


def environment(settings: Mapping[str, object]) -> dict[str, str]:
    """Return this environment with no settings but these, by their names without the prefix."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FLUENTPRO_")}
    return clean | {f"FLUENTPRO_{name.upper()}": str(value) for name, value in settings.items()}


def free_port() -> int:
    """Return a port that is free now: for a server that has to come back at the same address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One Python process, `words` its command line, in a session of its own.

    It dies with this one, however this one ends. What it writes, standard output and error alike, goes to a file: it
    never waits for a reader.
    """

    def __init__(self, words: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        self.name = " ".join(words)
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=entry_step(None, (), signal.SIGKILL),  # noqa: PLW1509 - it takes no lock
            )
        self.pid = self._process.pid

    @property
    def log(self) -> str:
        """All it wrote."""
        return self._log.read_text(errors="replace")

    @property
    def exit_code(self) -> int | None:
        """Its exit code, minus the signal's number where one ended it; None while it runs."""
        return self._process.poll()

    @property
    def http(self) -> str:
        """The URL of a server that has said where it serves HTTP."""
        return f"http://{_LISTENS_ON_HTTP.findall(self.log)[-1]}"

    @property
    def megabytes(self) -> float:
        """What memory it has resident."""
        found = re.search(r"^VmRSS:\s+([0-9]+) kB", Path(f"/proc/{self.pid}/status").read_text(), re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0

    async def says(self, line: str, seconds: float = _READY_SECONDS) -> float:
        """Return once what it wrote matches the pattern `line`: the seconds that took. Raises TooLong."""
        return await until(lambda: self._is_alive() and re.search(line, self.log), f"it says {line!r}", seconds)

    async def ready(self, seconds: float = _READY_SECONDS) -> float:
        """Return once a server answers that it is ready: the seconds that took. Raises TooLong."""
        began = time.monotonic()
        await self.says(_LISTENS_ON_HTTP.pattern, seconds)
        async with httpx.AsyncClient(base_url=self.http, timeout=5.0) as client:
            await until(lambda: self._is_alive() and _is_ready(client), f"{self.name} is ready", seconds)
        return time.monotonic() - began

    async def ended(self, seconds: float = _END_SECONDS) -> int:
        """Return its exit code once it has ended. Raises TooLong."""
        await until(lambda: self.exit_code is not None, f"{self.name} ends", seconds)
        return self._process.wait()

    async def kill(self) -> None:
        """Kill -9, it and all it started, and return when it is gone."""
        send(self.pid, signal.SIGKILL)
        await self.ended()

    def pause(self) -> None:
        """SIGSTOP, it and all it started."""
        send(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after `pause`."""
        send(self.pid, signal.SIGCONT)

    async def is_paused(self, seconds: float = _READY_SECONDS) -> None:
        """Return once it, or one it started, is stopped, as the failpoint action `pause` does it. Raises TooLong."""
        await until(lambda: self._is_alive() and self._is_stopped(), f"{self.name} is paused", seconds)

    def terminate(self) -> None:
        """SIGTERM, as an operator's system asks it to stop."""
        self._process.terminate()

    async def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.resume()
        self.terminate()
        return await self.ended()

    def _is_stopped(self) -> bool:
        return any(_state(pid) == "T" for pid in family(self.pid))

    def _is_alive(self) -> bool:
        if self.exit_code is None:
            return True
        raise AssertionError(f"{self.name} ended with {self.exit_code}:\n{self.log[-2000:]}")


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


def _state(pid: int) -> str:
    """Return a process' state, one letter of proc(5)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
