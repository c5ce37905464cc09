"""The commands that do one thing and end."""

import asyncio
import os

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.engines import EngineUrls
from adapters.seed.files import read_catalog
from adapters.seed.write import SeedReport, seed
from adapters.settings import Settings, load_settings
from adapters.sql.engine import Connections, create_engine
from adapters.sql.migrations import current_revision, migrate, newest_revision
from server.engines import engines_for
from server.reachability import require_named


class NotMigrated(Exception):
    """The database lacks tables that the command needs."""


def run_migrate() -> None:
    """Migrate, and say to which revision. Raises what REFUSALS names."""
    settings = load_settings(os.environ)
    with engines_for(settings, _report) as urls:
        asyncio.run(_migrate(settings, urls))
    typer.echo(f"the database is at revision {newest_revision()}")


def run_seed() -> None:
    """Seed, and say what changed. Raises what REFUSALS names."""
    settings = load_settings(os.environ)
    with engines_for(settings, _report) as urls:
        done = asyncio.run(_seed(settings, urls))
    typer.echo(f"{done.inserted} inserted, {done.updated} updated, {done.unchanged} unchanged")


def _report(line: str) -> None:
    typer.echo(line, err=True)


async def _migrate(settings: Settings, urls: EngineUrls) -> None:
    await require_named(settings)
    engine = create_engine(urls.database_url, pool_size=1)
    try:
        await migrate(engine)
    finally:
        await engine.dispose()


async def _seed(settings: Settings, urls: EngineUrls) -> SeedReport:
    await require_named(settings)
    engine = create_engine(urls.database_url, pool_size=1)
    try:
        await require_tables(engine)
        return await seed(Connections(engine), read_catalog())
    finally:
        await engine.dispose()


async def require_tables(engine: AsyncEngine) -> None:
    """Refuse a database older than this code; one that a newer version migrated has what is needed."""
    revision, needed = await current_revision(engine), newest_revision()
    if revision is None or revision < needed:  # numbers of four digits, so they compare as text
        found = f"at revision {revision}" if revision else "empty"
        raise NotMigrated(f"the database is {found}, and revision {needed} is needed: run `fluentpro migrate`")
