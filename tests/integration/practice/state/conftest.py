"""A database of these tests' own: who checks all conversations meets those of no other test, nor their keys."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.engines import EngineUrls
from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.sql.engine import Connections, create_engine
from adapters.sql.migrations import migrate


@pytest.fixture(scope="session")
async def database_url(engine_urls: EngineUrls) -> AsyncIterator[str]:
    name = f"test_{uuid4().hex}"
    server = create_async_engine(engine_urls.database_url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
        url = engine_urls.database_url.replace("/fluentpro?", f"/{name}?")
        engine = create_engine(url, pool_size=1)
        await migrate(engine)
        await engine.dispose()
        yield url
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await server.dispose()


@pytest.fixture(scope="session")
async def connections(database_url: str) -> AsyncIterator[Connections]:
    connections = Connections(create_engine(database_url, pool_size=10))
    yield connections
    await connections.close()


@pytest.fixture(scope="session")
async def scenario_id(connections: Connections) -> str:
    catalog = read_catalog()
    await seed(connections, catalog)
    return catalog.scenarios[0].id
