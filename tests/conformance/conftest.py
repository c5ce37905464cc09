"""The conformance material, built in a folder of this run's own, and its echo server."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc.aio
import pytest
from conformance.processes import SECONDS, GatewayProcess, Running, free_port, stopping

_MATERIAL = Path(__file__).parent / "gateway"


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the material, with stubs and descriptor set in its `gen`."""
    folder = tmp_path_factory.mktemp("conformance") / "gateway"
    shutil.copytree(_MATERIAL, folder, ignore=shutil.ignore_patterns("gen", "__pycache__"))
    subprocess.run(["sh", "build.sh"], cwd=folder, env={"PY": sys.executable, "PATH": "/usr/bin:/bin"}, check=True)
    return folder


@pytest.fixture(scope="session")
def descriptors(material: Path) -> Path:
    return material / "gen" / "descriptors.pb"


@pytest.fixture(scope="session")
async def echo(material: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the echo server."""
    port = free_port()
    log = tmp_path_factory.mktemp("echo") / "log"
    server = Running([str(material / "echo_server.py"), "--port", str(port)], log)
    with stopping(server):
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await _connected(channel, server)
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="session")
def start_gateway(
    descriptors: Path, echo: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., GatewayProcess]]:
    """Return what starts a gateway before the echo server, with further options; all are stopped at the end."""
    with ExitStack() as stack:

        def start(*options: str) -> GatewayProcess:
            words = ["--descriptors", str(descriptors), "--upstream", echo, "--listen", "127.0.0.1:0", *options]
            process = GatewayProcess(words, tmp_path_factory.mktemp("gateway") / "log")
            stack.enter_context(stopping(process))
            return process

        yield start


async def _connected(channel: grpc.aio.Channel, server: Running) -> None:
    async with asyncio.timeout(SECONDS):
        await channel.channel_ready()
    assert server.code is None, server.log
