"""FluentPro as a process of its own, the way a developer starts it."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .process import environment, free_ports, serving

COMMAND = [sys.executable, "-m", "server.cli"]


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

    Raises ServerFailed.
    """
    http_port, grpc_port = free_ports(2)
    folder.parent.mkdir(parents=True, exist_ok=True)
    environ = environment(
        DATA_DIR=str(folder),
        HTTP_LISTEN=f"127.0.0.1:{http_port}",
        GRPC_LISTEN=f"127.0.0.1:{grpc_port}",
        SCRIPTED_WORD_SECONDS="0",
    )
    began = time.perf_counter()
    with serving([*COMMAND, "dev"], environ, folder.with_suffix(".log"), http_port) as process:
        yield Product(process.pid, http_port, grpc_port, folder, ready_after=time.perf_counter() - began)
