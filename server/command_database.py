"""The database, for commands that do one thing and end."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import uuid4

import typer

from adapters.engines import EngineUrls
from adapters.settings import Settings, load_settings
from adapters.sql.engine import Connections, create_engine
from domain.shared.errors import DomainError
from domain.shared.origin import Origin, current_origin
from server.engines import engines_for
from server.reachability import require_named
from server.tools import require_tables

T = TypeVar("T")

REFUSED = 1
"""The exit code of a command that was understood and could not be carried out."""


def on_database(work: Callable[[Settings, Connections], Awaitable[T]]) -> T:
    """Return what `work` returns; events that it records are from `system:events-command`.

    What a use case refuses ends the command with its message and exit code 1. Raises what REFUSALS names.
    """
    settings = load_settings(os.environ)
    with engines_for(settings, lambda line: typer.echo(line, err=True)) as urls:
        try:
            return asyncio.run(_work(settings, urls, work))
        except DomainError as error:
            typer.echo(f"fluentpro: {error.message}", err=True)
            raise typer.Exit(REFUSED) from error


async def _work(settings: Settings, urls: EngineUrls, work: Callable[[Settings, Connections], Awaitable[T]]) -> T:
    await require_named(settings)
    connections = Connections(create_engine(urls.database_url, pool_size=1))
    try:
        await require_tables(connections.engine)
        current_origin.set(Origin(correlation_id=str(uuid4()), actor="system:events-command"))
        return await work(settings, connections)
    finally:
        await connections.close()
