"""Whether the database is one that requests can be served from."""

from sqlalchemy import exists, select, text

from adapters.sql.engine import Connections
from adapters.sql.migrations import newest_revision
from adapters.sql.tables.catalog import role
from adapters.sql.tables.scenarios import scenario

_STATE = text("SELECT version_num, current_setting('transaction_read_only') FROM alembic_version")
_SEEDED = select(exists(select(role.c.id)) & exists(select(scenario.c.id)))


class NotReady(Exception):
    """The database answers, and cannot serve: the message says why."""


async def check_database(connections: Connections) -> None:
    """Return when the database answers, takes writes and has our revision or one that a newer version put there.

    Raises NotReady or Unavailable.
    """
    async with connections.reading() as connection:
        revision, is_read_only = (await connection.execute(_STATE)).one()
    if is_read_only == "on":
        raise NotReady("the database takes no writes")
    if revision < newest_revision():  # revisions are numbers of four digits, so they compare as text
        raise NotReady(f"the database is at revision {revision}, and {newest_revision()} is needed")


async def check_catalogue(connections: Connections) -> None:
    """Return when the catalogue and the scenarios are there. Raises NotReady or Unavailable."""
    async with connections.reading() as connection:
        if not (await connection.execute(_SEEDED)).scalar_one():
            raise NotReady("the catalogue is empty: run 'fluentpro seed'")
