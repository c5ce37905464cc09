"""The product with a partner that speaks at a steady pace, as a process."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .process import environment, free_ports, serving
from .product import Product

_MODULE = f"{__name__.rpartition('.')[0]}.live"


@contextmanager
def live_server(folder: Path, log: str) -> Iterator[Product]:
    """Serve over the engines of `folder` for a block, with a `durable` log or one in `memory`. Raises ServerFailed."""
    http_port, grpc_port = free_ports(2)
    environ = environment(
        DATA_DIR=str(folder), HTTP_LISTEN=f"127.0.0.1:{http_port}", GRPC_LISTEN=f"127.0.0.1:{grpc_port}"
    )
    command = [sys.executable, "-m", _MODULE, log]
    with serving(command, environ, folder.with_suffix(f".{log}.log"), http_port) as process:
        try:
            yield Product(process.pid, http_port, grpc_port, folder, ready_after=0.0)
        finally:
            process.kill()  # asked to stop, it would wait for replies that nobody reads any more
            process.wait()
