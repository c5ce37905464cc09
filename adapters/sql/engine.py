"""Connections to Postgres."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from adapters.sql.away import POOL_SECONDS, unavailable
from adapters.sql.reader import Reader

CONNECT_SECONDS = 5.0


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
        connect_args={
            "timeout": CONNECT_SECONDS,
            "server_settings": {"application_name": "fluentpro"},
            "connection_class": PromptlyClosed,
        },
    )


class PromptlyClosed(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """A connection whose closing nobody waits for when it was cut short.

    SQLAlchemy closes the connection of a cancelled statement, and waits for it up to two seconds: where the network
    swallows everything, a call would end so long after its deadline. The server is told to cancel all the same.
    """

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's signature
        """Close; in the background where there is a limit, which only a connection cut short has."""
        if timeout is None:
            await super().close()
            return
        closing = asyncio.create_task(self._close_within(timeout))
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)

    async def _close_within(self, seconds: float) -> None:
        try:
            await super().close(timeout=seconds)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # TimeoutError is an OSError
            self.terminate()


_closing: set[asyncio.Task[None]] = set()  # the loop itself holds tasks weakly


class Connections:
    """Hands out connections, and turns a database that does not answer into Unavailable.

    At most as many connections as the engine's pool has are for transactions, and as many again for single reads.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        # A statement that stands alone needs no BEGIN and no COMMIT: that saves two round trips.
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.reader = Reader(engine.url, cast("AsyncAdaptedQueuePool", engine.pool).size())

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection on which each statement stands alone: for what `reader` is too narrow for."""
        with unavailable():
            async with self._autocommit.connect() as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction that is undone unless it is committed within the block."""
        with unavailable():
            async with self.engine.connect() as connection:
                yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self.reader.close()
        await self.engine.dispose()
