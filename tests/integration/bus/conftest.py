"""Stages: a copy of a migrated database for each test, and a Valkey."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from integration.bus.stage import OwnValkey, Stage
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters import failpoints
from adapters.engines import EngineUrls
from adapters.failpoints import Failpoints
from adapters.sql.engine import Connections, create_engine
from adapters.sql.leadership import Term
from adapters.sql.migrations import migrate


@pytest.fixture(scope="session")
async def template(engine_urls: EngineUrls) -> AsyncIterator[str]:
    """A migrated database to copy."""
    name = f"template_{uuid4().hex}"
    async with _server(engine_urls) as server:
        await server(f"CREATE DATABASE {name}")
        engine = create_engine(_url(engine_urls, name), pool_size=1)
        await migrate(engine)
        await engine.dispose()
        yield name
        await server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def own_database(engine_urls: EngineUrls, template: str) -> AsyncIterator[str]:
    """The URL of a database of the test's own."""
    name = f"bus_{uuid4().hex}"
    async with _server(engine_urls) as server:
        await server(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield _url(engine_urls, name)
        await server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def valkey(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnValkey]:
    server = OwnValkey(tmp_path_factory.mktemp("v"))
    await server.start()
    yield server
    server.kill()


@pytest.fixture
async def stage(own_database: str, valkey: OwnValkey) -> AsyncIterator[Stage]:
    connections = Connections(create_engine(own_database, pool_size=12))
    stage = Stage(connections, valkey)
    yield stage
    await stage.close()
    await connections.close()


@pytest.fixture
async def term(stage: Stage) -> Term:
    return await stage.take_office()


@pytest.fixture
def fail_at() -> Iterator[Callable[[str], None]]:
    """Have the named place fail the first time that it is reached from now on."""
    yield lambda place: failpoints.arm(Failpoints.parse(f"{place}=error@1"))
    failpoints.arm(None)


@asynccontextmanager
async def _server(urls: EngineUrls) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    engine = create_async_engine(urls.database_url, isolation_level="AUTOCOMMIT")

    async def run(statement: str) -> None:
        async with engine.connect() as connection:
            await connection.execute(text(statement))

    yield run
    await engine.dispose()


def _url(urls: EngineUrls, name: str) -> str:
    return urls.database_url.replace("/fluentpro?", f"/{name}?")
