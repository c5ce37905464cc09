"""The processes of these tests: a gRPC server, and gateways in front of it, each on a port of its own."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
SECONDS = 20.0
"""How long anything here may take to come up or to end, on a busy machine."""


class Running:
    """One process; what it writes goes to a file, so that it never waits for a reader."""

    def __init__(self, words: Sequence[str], log: Path) -> None:
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, *words], cwd=ROOT, env=_environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        self.pid = self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def code(self) -> int | None:
        return self._process.poll()

    def terminate(self) -> None:
        self._process.terminate()

    def stop(self) -> int:
        """End it as an operator would, and return its exit code."""
        self.terminate()
        try:
            return self._process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    async def ended(self) -> int:
        """Return its exit code once it has ended by itself."""
        await until(lambda: self.code is not None)
        return self._process.wait()


class GatewayProcess(Running):
    """`fluentpro gateway` with some options."""

    def __init__(self, options: Sequence[str], log: Path) -> None:
        super().__init__(["-m", "server.cli", "gateway", *options], log)

    @property
    def url(self) -> str:
        return f"http://{re.findall(r'serving HTTP on ([^, ]+:[0-9]+)', self.log)[0]}"

    async def up(self) -> "GatewayProcess":
        """Return once it answers probes."""
        await until(lambda: "serving HTTP on" in self.log or self.code is not None)
        assert self.code is None, self.log
        return self

    async def ready(self) -> "GatewayProcess":
        """Return once the service behind it answers too."""
        await self.up()
        async with httpx.AsyncClient(base_url=self.url) as client:
            await until(lambda: _is_ready(client))
        return self


def free_port() -> int:
    """Return a port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def stopping(*processes: Running) -> Iterator[None]:
    """Stop these at the end of the block, if they still run."""
    try:
        yield
    finally:
        for process in processes:
            if process.code is None:
                process.stop()


async def until(condition: Callable[[], Any]) -> None:
    """Return once the condition holds."""
    async with asyncio.timeout(SECONDS):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)  # between two looks


async def _is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("FLUENTPRO_")}
