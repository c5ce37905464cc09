"""The state of conversations, for commands that look at it and end."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import uuid4

import typer

from adapters.application import StateUseCases
from adapters.engines import EngineUrls
from adapters.settings import Settings, load_settings
from adapters.wiring import open_application
from domain.shared.errors import DomainError, Unavailable
from domain.shared.origin import Origin, current_origin
from server.engines import engines_for
from server.reachability import require_database
from server.tools import require_tables

T = TypeVar("T")

FOUND = 1
"""The exit code where something is wrong, or is not there."""
TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: nothing was found out."""


def on_state(work: Callable[[StateUseCases], Awaitable[T]]) -> T:
    """Return what `work` returns; events that it records are from `system:state-command`.

    What a use case refuses ends the command with its message. Raises what REFUSALS names.
    """
    settings = load_settings(os.environ)
    with engines_for(settings, lambda line: typer.echo(line, err=True)) as urls:
        try:
            return asyncio.run(_work(settings, urls, work))
        except DomainError as error:
            typer.echo(f"fluentpro: {error.message}", err=True)
            raise typer.Exit(TRY_AGAIN if isinstance(error, Unavailable) else FOUND) from error


async def _work(settings: Settings, urls: EngineUrls, work: Callable[[StateUseCases], Awaitable[T]]) -> T:
    await require_database(settings)
    async with open_application(settings, urls.database_url, urls.redis_url) as application:
        await require_tables(application.connections.engine)
        current_origin.set(Origin(correlation_id=str(uuid4()), actor="system:state-command"))
        return await work(application.state)
