"""The `fluentpro` command as a process: started as a shell starts it, ended as a terminal or the kernel ends it."""

import asyncio
import inspect
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from adapters.engines import leftovers

ROOT = Path(__file__).parents[2]

_ADDRESS = r"(?: on)? +(?:http://)?(127\.0\.0\.1:\d+)"
"""How `dev` shows an address, and how `server` logs it."""


def environment(data_dir: Path, settings: Mapping[str, object]) -> dict[str, str]:
    """Return this environment with no settings but these; the ports are any that are free."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FLUENTPRO_")}
    given = {"data_dir": data_dir, "grpc_listen": "127.0.0.1:0", "http_listen": "127.0.0.1:0", **settings}
    return clean | {f"FLUENTPRO_{name.upper()}": str(value) for name, value in given.items()}


class Command:
    """One run. What it writes goes to two files, so that it never waits for a reader."""

    def __init__(self, words: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        self.data_dir = Path(environ["FLUENTPRO_DATA_DIR"])
        self._out, self._err = folder / "stdout", folder / "stderr"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", *words],
                cwd=ROOT,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,  # a group of its own, as a shell gives to what it starts
            )
        self.pid = self._process.pid
        self.name = " ".join(words)

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    @property
    def grpc(self) -> str:
        """The address that it says gRPC has."""
        return re.findall(f"gRPC{_ADDRESS}", self.out + self.err)[0]

    @property
    def http(self) -> str:
        """The address that it says HTTP has."""
        return re.findall(f"HTTP{_ADDRESS}", self.out + self.err)[0]

    async def says(self, text: str, seconds: float = 30) -> None:
        """Return once this text stands in what it wrote."""
        await until(lambda: self._alive() and text in self.out + self.err, seconds)

    async def ready(self, seconds: float = 40) -> "Command":
        """Return once a sign-up would work."""
        await until(lambda: self._alive() and re.search(f"HTTP{_ADDRESS}", self.out + self.err), seconds)
        async with httpx.AsyncClient(base_url=f"http://{self.http}") as client:
            await until(lambda: _is_ready(client), seconds)
        return self

    async def ended(self, seconds: float = 20) -> int:
        """Return its exit code once it has ended; minus the signal's number where one ended it."""
        await until(lambda: self._process.poll() is not None, seconds)
        return self._process.wait()

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal sends SIGINT to the whole group."""
        os.killpg(self.pid, signal.SIGINT)

    def terminate(self) -> None:
        """Ask it to stop as an operator's system does."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill -9."""
        self._process.kill()

    async def stop(self) -> None:
        """End it if it runs; by force when asking does not help."""
        if self._process.poll() is None:
            self.terminate()
            try:
                await self.ended()
            except AssertionError:
                self.kill()
                await self.ended()

    def story(self) -> str:
        """Return all it wrote."""
        return f"--- fluentpro {self.name}: stdout\n{self.out}\n--- fluentpro {self.name}: stderr\n{self.err}"

    def _alive(self) -> bool:
        code = self._process.poll()
        assert code is None, f"it ended with {code}"
        return True


async def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    """Return once the condition holds."""
    loop = asyncio.get_running_loop()
    limit = loop.time() + seconds
    while True:
        holds = condition()
        if await holds if inspect.isawaitable(holds) else holds:
            return
        assert loop.time() < limit, "the condition did not come true"
        await asyncio.sleep(0.02)


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


def keepers_and_engines(data_dir: Path) -> dict[int, str]:
    """Return what runs over a data folder: the keeper and both engines, by process id with their command lines.

    A fork that has its parent's line still has not taken a name of its own: it is none of them.
    """
    found = {pid: line for pid, line in leftovers._command_lines() if f"{data_dir}" in line}
    parents = dict(_running())
    return {pid: line for pid, line in found.items() if found.get(parents.get(pid, 0)) != line}


def is_free(address: str) -> bool:
    """Tell whether a server could listen there."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            return False
    return True


def processes_below(pid: int) -> list[int]:
    """Return the children of a process that run."""
    return [child for child, parent in _running() if parent == pid]


def runs(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and was not asked for its exit code does not."""
    return any(pid == running for running, _ in _running())


def _running() -> Iterator[tuple[int, int]]:
    """Give the processes that run, each with its parent."""
    for pid, parent, state in _of_proc() if Path("/proc/self/stat").exists() else _of_ps():
        if not state.startswith("Z"):
            yield int(pid), int(parent)


def _of_proc() -> Iterator[tuple[str, str, str]]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            stat = entry.read_text()
        except OSError:
            continue  # it ended meanwhile
        state, parent, *_ = stat.rpartition(")")[2].split()
        yield entry.parent.name, parent, state


def _of_ps() -> Iterator[tuple[str, str, str]]:
    listing = subprocess.run(["ps", "-axo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        pid, parent, state = line.split()
        yield pid, parent, state
