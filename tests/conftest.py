"""What every test may use: one Postgres and one Valkey, started once a run, and a fresh database in it."""

import os

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # as `server` has it, before anything imports gRPC

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from fakes.master_keys import MASTER_KEYS
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.engines import Engines, EngineUrls
from adapters.sql.engine import Connections, create_engine
from adapters.sql.migrations import migrate
from adapters.sql.unit_of_work import SqlReads, SqlUnitOfWork
from domain.shared.clock import system_clock


@pytest.fixture(scope="session")
def engine_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineUrls]:
    """Real engines for the whole run; TEST_DATABASE_URL and TEST_REDIS_URL name others in their place."""
    if "TEST_DATABASE_URL" in os.environ:
        yield EngineUrls(os.environ["TEST_DATABASE_URL"], os.environ["TEST_REDIS_URL"])
        return
    engines = Engines.start(tmp_path_factory.mktemp("engines"), report=lambda _line: None)
    yield engines.urls
    engines.stop()


@pytest.fixture(scope="session")
def redis_url(engine_urls: EngineUrls) -> str:
    return engine_urls.redis_url


@pytest.fixture(scope="session")
async def database_url(engine_urls: EngineUrls) -> AsyncIterator[str]:
    """A migrated database of this run's own."""
    name = f"test_{uuid4().hex}"
    server = create_async_engine(engine_urls.database_url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    url = engine_urls.database_url.replace("/fluentpro?", f"/{name}?")
    engine = create_engine(url, pool_size=2)
    await migrate(engine)
    await engine.dispose()
    yield url
    async with server.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await server.dispose()


@pytest.fixture(scope="session")
async def connections(database_url: str) -> AsyncIterator[Connections]:
    connections = Connections(create_engine(database_url, pool_size=10))
    yield connections
    await connections.close()


@pytest.fixture
def sql_reads(connections: Connections) -> SqlReads:
    return SqlReads(connections)


@pytest.fixture
def sql_work(connections: Connections):
    """Make a unit of work: `async with sql_work() as work:`."""
    return lambda: SqlUnitOfWork(connections, system_clock, MASTER_KEYS)
