"""`fluentpro events verify`: proving that the record was not touched."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import typer

from adapters.choices import signing_keys
from adapters.engines import EngineUrls
from adapters.security.checkpoint_signatures import CheckpointKeys, load_checkpoint_keys
from adapters.settings import Settings, load_settings
from adapters.sql.engine import Connections, create_engine
from adapters.sql.verification import SqlSnapshots
from domain.audit.checkpoint_check import CHECKPOINTS
from domain.audit.verification import Verification, VerifyEvents
from domain.shared.errors import InvalidRequest, Unavailable
from server.engines import engines_for
from server.reachability import require_named
from server.tools import require_tables

_TOUCHED = 1
_TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: nothing was found out."""


def run(stream_id: str | None, keys: Path | None) -> None:
    """Verify, and print what was looked at and the first thing that is wrong. Raises what REFUSALS names.

    Exit code 1: something is wrong, or there is no such stream; 75: the database went away meanwhile.
    """
    settings = load_settings(os.environ)
    known = load_checkpoint_keys(keys) if keys else CheckpointKeys.of(signing_keys(settings).public())
    with engines_for(settings, lambda line: typer.echo(line, err=True)) as urls:
        try:
            result = asyncio.run(_verify(settings, urls, known, stream_id))
        except InvalidRequest as refused:
            raise typer.BadParameter(refused.violations[0].message, param_hint="--stream") from refused
        except Unavailable as error:
            typer.echo(f"fluentpro: {error.message}", err=True)
            raise typer.Exit(_TRY_AGAIN) from error
    found = bool(result.streams) or stream_id is None
    for line in lines(result) if found else [f"nothing is recorded in {stream_id}"]:
        typer.echo(line)
    if not (result.valid and found):
        raise typer.Exit(_TOUCHED)


def lines(result: Verification) -> Iterator[str]:
    """Yield what is printed of a verification."""
    if (bad := result.first_bad) is not None:
        place = "checkpoint" if bad.stream_id == CHECKPOINTS else f"{bad.stream_id} version"
        yield f"NOT VALID: {place} {bad.version} {bad.fault}"
    yield (
        f"{'valid: ' if result.valid else ''}{result.events} events in {result.streams} streams"
        f" and {result.checkpoints} checkpoints were checked"
    )


async def _verify(settings: Settings, urls: EngineUrls, keys: CheckpointKeys, stream_id: str | None) -> Verification:
    await require_named(settings)
    connections = Connections(create_engine(urls.database_url, pool_size=1))
    try:
        await require_tables(connections.engine)
        return await VerifyEvents(SqlSnapshots(connections), keys)(stream_id)
    finally:
        await connections.close()
