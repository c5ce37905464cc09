"""What servers of the benchmarks stand on: the application, on engines that run already."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.engines import running_engines
from adapters.settings import Settings, load_settings
from adapters.wiring import Application, open_application


@asynccontextmanager
async def application_of(folder: Path) -> AsyncIterator[tuple[Application, Settings]]:
    """Give the application on the engines of a data folder, with the settings of a developer's machine."""
    settings = load_settings({"FLUENTPRO_DATA_DIR": str(folder)})
    engines = running_engines(folder)
    if engines is None:
        raise RuntimeError(f"no engines answer in {folder}")
    async with open_application(settings, engines.database_url, engines.redis_url) as application:
        yield application, settings
