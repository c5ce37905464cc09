"""Connections to Postgres."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.shared.errors import Unavailable

CONNECT_SECONDS = 5.0
POOL_SECONDS = 5.0

_AWAY = ("08", "53", "57P")
"""What SQLSTATEs begin with that say that the server cannot serve now (PostgreSQL documentation, appendix A):
connection exceptions, too few resources, and an operator or a crash that stops it or has it start. The asyncpg dialect
makes no OperationalError of them."""


def create_engine(url: str, pool_size: int) -> AsyncEngine:
    """Return an engine for `postgresql+asyncpg://…`. No connection is opened yet.

    A caller waits at most POOL_SECONDS for one of `pool_size` connections: a full pool is an answer and no hang.
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        hide_parameters=True,  # an error goes to the log, and its statement's values are people's own words
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={"timeout": CONNECT_SECONDS, "server_settings": {"application_name": "fluentpro"}},
    )


class Connections:
    """Hands out connections in two forms, and turns a database that does not answer into Unavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        # A single read needs no BEGIN and no COMMIT: that saves two round trips.
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection on which each statement stands alone."""
        async with connected(self._autocommit.connect) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction that is undone unless it is committed within the block."""
        async with connected(self.engine.connect) as connection:
            yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


@asynccontextmanager
async def connected(connect: Callable[[], Any]) -> AsyncIterator[AsyncConnection]:
    """Open a connection for a block; a database that cannot be reached, then or later, is Unavailable."""
    try:
        async with connect() as connection:
            yield connection
    except (OperationalError, InterfaceError, PoolTimeout, OSError) as error:
        raise Unavailable("The database does not answer.", retry_after=1.0) from error
    except DBAPIError as error:
        if error.connection_invalidated or _state(error).startswith(_AWAY):
            raise Unavailable("The database does not answer.", retry_after=1.0) from error
        raise


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
