"""Valkey: its command, and its health by PING."""

import re
import signal
import socket
from pathlib import Path

from adapters.engines.binaries import valkey_binary
from adapters.engines.folder import DataFolder
from adapters.engines.process import Engine

_SETTINGS = {
    "--port": "0",  # the Unix socket alone
    "--unixsocketperm": "700",
    "--appendonly": "yes",
    "--appendfsync": "everysec",
    "--save": "",  # the append-only file is the one copy; no snapshots beside it
    "--maxmemory-policy": "noeviction",  # logs of generations and jobs must never be evicted
    "--daemonize": "no",
    "--set-proc-title": "no",  # the command line stays as given: leftovers are known by it
}


def valkey_engine(folder: DataFolder) -> Engine:
    """Valkey over `folder.valkey`."""
    settings = [word for pair in _SETTINGS.items() for word in pair]
    program = str(valkey_binary())
    return Engine(
        name="Valkey",
        command=(program, "--dir", str(folder.valkey), "--unixsocket", str(folder.valkey_socket), *settings),
        folder=folder.valkey,
        log=folder.logs / "valkey.log",
        stop_signal=signal.SIGTERM,
        fault=re.compile(r" # (?!WARNING)(.+)"),
        answers=lambda: valkey_answers(folder.valkey_socket),
    )


def valkey_answers(path: Path) -> bool:
    """Whether the server on the socket `path` serves commands; not while it still loads its data."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(2)
            link.connect(str(path))
            link.sendall(b"PING\r\n")
            return link.recv(64).startswith(b"+PONG")
    except OSError:
        return False
