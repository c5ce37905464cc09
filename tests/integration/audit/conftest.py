"""A record of each test's own: checkpoints number the events of a whole database."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from integration.audit.history import History
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.engines import EngineUrls
from adapters.sql.engine import Connections, create_engine
from adapters.sql.migrations import migrate


@pytest.fixture(scope="session")
async def migrated(engine_urls: EngineUrls) -> AsyncIterator[str]:
    """The name of a database to copy, which nobody is connected to."""
    name = f"test_{uuid4().hex}"
    server = create_async_engine(engine_urls.database_url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
        engine = create_engine(engine_urls.database_url.replace("/fluentpro?", f"/{name}?"), pool_size=1)
        await migrate(engine)
        await engine.dispose()
        yield name
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await server.dispose()


@pytest.fixture
async def record_url(engine_urls: EngineUrls, migrated: str) -> AsyncIterator[str]:
    """A fresh database."""
    name = f"test_{uuid4().hex}"
    server = create_async_engine(engine_urls.database_url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {migrated}"))
        yield engine_urls.database_url.replace("/fluentpro?", f"/{name}?")
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await server.dispose()


@pytest.fixture
async def record(record_url: str) -> AsyncIterator[Connections]:
    """Connections to it."""
    connections = Connections(create_engine(record_url, pool_size=10))
    yield connections
    await connections.close()


@pytest.fixture
def history(record: Connections) -> History:
    return History(record)
