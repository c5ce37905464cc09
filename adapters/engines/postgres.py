"""Postgres: its command, and its health by the protocol's start-up exchange."""

import re
import signal
import socket
import struct
import time
from pathlib import Path

from adapters.engines.account import Account
from adapters.engines.binaries import postgres_binary
from adapters.engines.errors import EnginesFailed
from adapters.engines.folder import DATABASE, SUPERUSER, DataFolder
from adapters.engines.process import STOP_SECONDS, Engine, EngineProcess

_SETTINGS = {
    "listen_addresses": "",  # the Unix socket alone
    "unix_socket_permissions": "0700",
    # Statements and the details of a violated constraint hold what people wrote; the log must not.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}

_PROTOCOL_3 = 196608
"""Version 3.0 in the start-up packet (PostgreSQL documentation, "Message Formats")."""

_NO_SUCH_DATABASE = "3D000"
"""SQLSTATE invalid_catalog_name."""


def postgres_engine(folder: DataFolder) -> Engine:
    """Postgres over `folder.postgres`."""
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    program = str(postgres_binary("postgres"))
    return Engine(
        name="Postgres",
        command=(program, "-D", str(folder.postgres), "-k", str(folder.run), "-p", "5432", *settings),
        folder=folder.postgres,
        log=folder.logs / "postgres.log",
        stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait until every client has left
        fault=re.compile(r"(?:FATAL|PANIC|ERROR): +(.+)"),
        answers=lambda: postgres_answers(folder.postgres_socket),
    )


def start_postgres(engine: Engine, account: Account | None) -> EngineProcess:
    """Start it and return once it answers, after children of a killed one have let go of its shared memory."""
    limit = time.monotonic() + STOP_SECONDS
    while True:
        process = EngineProcess(engine, account)
        try:
            process.wait_ready()
        except EnginesFailed as failure:
            process.ask_to_stop()
            process.wait_stopped(limit)
            if "shared memory block" not in str(failure) or time.monotonic() > limit:
                raise
            time.sleep(0.1)
        else:
            return process


def postgres_answers(path: Path) -> bool:
    """Whether the server on the socket `path` accepts sessions; not while it starts, recovers or stops."""
    try:
        return _session(path, SUPERUSER, timeout=2) is None
    except OSError:
        return False


def ensure_database(path: Path) -> None:
    """Create the database `fluentpro` on the server behind the socket `path`, unless it is there."""
    if _session(path, DATABASE) != _NO_SUCH_DATABASE:
        return
    if refusal := _session(path, SUPERUSER, f"CREATE DATABASE {DATABASE}"):
        raise EnginesFailed(f"Postgres refused to create the database {DATABASE} (SQLSTATE {refusal})")


def _session(path: Path, database: str, statement: str | None = None, timeout: float = 30) -> str | None:
    """Open a session, run `statement` in it, close it. Returns the SQLSTATE of the first refusal, or None."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(timeout)
        link.connect(str(path))
        words = f"user\0{SUPERUSER}\0database\0{database}\0\0".encode()
        link.sendall(struct.pack(">II", len(words) + 8, _PROTOCOL_3) + words)
        refusal = _until_ready(link)
        if statement and not refusal:
            text = statement.encode() + b"\0"
            link.sendall(b"Q" + struct.pack(">I", len(text) + 4) + text)
            refusal = _until_ready(link)
        return refusal


def _until_ready(link: socket.socket) -> str | None:
    """Read messages until ReadyForQuery (None) or an ErrorResponse (its SQLSTATE, the field marked C)."""
    while True:
        kind, length = struct.unpack(">cI", _exactly(link, 5))
        body = _exactly(link, length - 4)
        if kind == b"Z":
            return None
        if kind == b"E":
            fields = {field[:1]: field[1:] for field in body.split(b"\0")}
            return fields[b"C"].decode()


def _exactly(link: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = link.recv(size - len(received))
        if not part:
            raise ConnectionError("the server closed the connection")
        received += part
    return received
