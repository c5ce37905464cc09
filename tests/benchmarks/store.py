"""Engines of the benchmarks' own: nobody else is on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.engines import Engines, EngineUrls
from adapters.sql.engine import Connections, create_engine
from adapters.sql.migrations import migrate

_CONNECTIONS = 20  # more than are used at once, so that nobody waits for one


@dataclass(frozen=True, slots=True)
class Store:
    """A freshly migrated Postgres, and a Valkey."""

    connections: Connections
    urls: EngineUrls


@asynccontextmanager
async def own_store(folder: Path) -> AsyncIterator[Store]:
    """Start engines in `folder` for a block. Raises EnginesFailed."""
    engines = Engines.start(folder, report=lambda _line: None)
    connections = Connections(create_engine(engines.urls.database_url, _CONNECTIONS))
    try:
        await migrate(connections.engine)
        yield Store(connections, engines.urls)
    finally:
        await connections.close()
        engines.stop()
