"""`fluentpro versions`: where each API version stands in its life, and who still calls those on their way out."""

import asyncio
import os
from collections.abc import Iterator
from datetime import date, timedelta

import typer

from adapters.engines import EngineUrls
from adapters.settings import Settings, load_settings
from adapters.sql.api_use import ApiUseTable
from adapters.sql.engine import Connections, create_engine
from domain.shared.clock import system_clock
from gateway.lifecycle import Lifecycle
from gateway.versions import Version, rank, read_versions
from server.engines import engines_for
from server.image import our_image
from server.reachability import require_named
from server.sunset import with_sunsets
from server.tools import require_tables

DAYS = 7
"""How far back the calls go that are shown, today among them."""

Calls = tuple[str, str, str, int]
"""Package, method, client, and how many."""


def show() -> None:
    """Print the versions, the newest first. Raises what REFUSALS names.

    The database is asked only where a version is deprecated: of others nothing is counted.
    """
    settings = load_settings(os.environ)
    found = read_versions(with_sunsets(our_image(), settings.sunset)).values()
    versions = sorted(found, key=lambda version: rank(version.name), reverse=True)
    calls: list[Calls] = []
    if any(version.deprecation is not None for version in versions):
        with engines_for(settings, lambda line: typer.echo(line, err=True)) as urls:
            calls = asyncio.run(_calls(settings, urls, system_clock().date()))
    for line in lines(versions, calls):
        typer.echo(line)


def lines(versions: list[Version], calls: list[Calls]) -> Iterator[str]:
    """Yield what is printed of versions and of the calls of the last days."""
    for version in versions:
        if version.lifecycle is None:
            continue
        yield f"{version.package}  {version.lifecycle.stage}  {version.base_path}".rstrip()
        yield from (f"  {text}" for text in _dates(version.lifecycle))
        if version.deprecation is not None:
            yield from _use([call for call in calls if call[0] == version.package])


def _dates(life: Lifecycle) -> Iterator[str]:
    if life.deprecated_on:
        yield f"deprecated on {life.deprecated_on}"
    if life.sunset_on:
        yield f"sunset on {life.sunset_on}, the first day without answers (UTC)"
    if life.successor:
        yield f"successor {life.successor}"


def _use(calls: list[Calls]) -> Iterator[str]:
    total = sum(count for *_, count in calls)
    yield f"  {total} calls in the last {DAYS} days{':' if calls else ''}"
    for _, method, client, count in calls:
        yield f"    {count:>9}  {client:32} {method}"


async def _calls(settings: Settings, urls: EngineUrls, today: date) -> list[Calls]:
    await require_named(settings)
    engine = create_engine(urls.database_url, pool_size=1)
    connections = Connections(engine)
    try:
        await require_tables(engine)
        return await ApiUseTable(connections).since(today - timedelta(days=DAYS - 1))
    finally:
        await connections.close()
