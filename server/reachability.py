"""Whether a database and a Redis that the settings name can be used at all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from adapters.live.connection import connect
from adapters.settings import PREFIX, Settings
from adapters.sql.engine import create_engine

_WITHIN = 10.0
"""Seconds that both may take: a connection to a database has five, and a name may take as long to resolve."""

_logger = logging.getLogger(__name__)


class EngineUnreachable(Exception):
    """A database or a Redis does not answer, or refuses us; the message names the setting, and never its value."""


async def require_named(settings: Settings) -> None:
    """Return when what the settings name answers; our own engines have answered already. Raises EngineUnreachable."""
    await require_database(settings)
    if settings.redis_url is not None:
        await _require("REDIS_URL", _ask_redis, settings.redis_url.get_secret_value())


async def require_database(settings: Settings) -> None:
    """Return when the database that the settings name answers: for what gets on without Redis.

    Raises EngineUnreachable.
    """
    if settings.database_url is not None:
        await _require("DATABASE_URL", _ask_postgres, settings.database_url.get_secret_value())


async def tell_what_is_missing(settings: Settings) -> None:
    """Log what does not answer. It is no reason not to start: a database may come back, and probes tell until then."""
    try:
        await require_named(settings)
    except EngineUnreachable as error:
        _logger.warning("%s; not ready until it can", error)


async def _require(setting: str, ask: Callable[[str], Awaitable[object]], url: str) -> None:
    try:
        async with asyncio.timeout(_WITHIN):
            await ask(url)
    except Exception as error:  # whatever a driver raises, the operator has to look at this setting
        raise EngineUnreachable(f"{PREFIX}{setting}: the server it names {_reason(error)}") from error


async def _ask_postgres(url: str) -> None:
    engine = create_engine(url, pool_size=1)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    finally:
        await engine.dispose()


async def _ask_redis(url: str) -> None:
    client = connect(url, connections=1)
    try:
        await client.ping()
    finally:
        await client.aclose()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "does not answer in time"
    told = error.orig if isinstance(error, DBAPIError) else error  # without SQLAlchemy's words around it
    return f"cannot be used: {' '.join(str(told).split()) or type(error).__name__}"
