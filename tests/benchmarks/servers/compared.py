"""All servers that are compared, at once: each idle while another one is under load."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import fluentpro

from .envoy import envoy, find_envoy
from .process import environment, free_ports, serving
from .product import COMMAND

_HERE = __name__.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Served:
    """One way over HTTP to the same API, and the processes that the way leads through."""

    http_port: int
    pids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """The servers; None for one that is not installed here."""

    ours: Served
    grpc_port: int
    gateway: Served
    """Our gateway as its own process, before our server's gRPC port."""
    envoy: Served | None
    """Envoy at the same place."""
    fastapi: Served | None
    fastapi_settled: Served | None
    """The same with the settings of Python's garbage collector that our server has."""


@contextmanager
def servers(folder: Path, data: Path, place: Callable[[int], None]) -> Iterator[Compared]:
    """Run them for a block over the engines of `data`; `place` is told of each process. Raises ServerFailed."""
    folder.mkdir(parents=True, exist_ok=True)
    grpc_port, http_port, gateway_port, fastapi_port, settled_port = free_ports(5)
    with ExitStack() as stack:

        def start(name: str, command: list[str], port: int) -> int:
            process = stack.enter_context(serving(command, environment(), folder / f"{name}.log", port))
            place(process.pid)
            return process.pid

        ours = start("ours", _module("ours", data, grpc_port, http_port), http_port)
        gateway = start("gateway", _gateway(grpc_port, gateway_port), gateway_port)
        program, proxy = find_envoy(), None
        if program is not None:
            pid, port = stack.enter_context(envoy(program, grpc_port, folder))
            place(pid)
            proxy = Served(port, (pid, ours))
        rivals = []
        if find_spec("fastapi") is not None:
            for port, *settled in ((fastapi_port,), (settled_port, "settled")):
                pid = start("fastapi", _module("fastapi_app", data, port, *settled), port)
                rivals.append(Served(port, (pid,)))
        fastapi, fastapi_settled = rivals or (None, None)
        gateway_served = Served(gateway_port, (gateway, ours))
        yield Compared(Served(http_port, (ours,)), grpc_port, gateway_served, proxy, fastapi, fastapi_settled)


def _module(name: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", f"{_HERE}.{name}", *map(str, arguments)]


def _gateway(grpc_port: int, port: int) -> list[str]:
    (source,) = fluentpro.__path__
    image = str(Path(source) / "descriptors.binpb")
    upstream, listen = f"127.0.0.1:{grpc_port}", f"127.0.0.1:{port}"
    return [*COMMAND, "gateway", "--descriptors", image, "--upstream", upstream, "--listen", listen]
