"""`fluentpro events tail`: events as they are recorded."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any

import typer

from adapters.engines import EngineUrls
from adapters.settings import Settings, load_settings
from adapters.sql.engine import Connections, create_engine
from adapters.sql.event_reader import SqlEventReader
from domain.audit.model import StoredEvent
from domain.audit.reading import sealed_fields
from domain.shared.errors import Unavailable
from server.engines import engines_for
from server.reachability import require_named
from server.tools import require_tables

SEALED = "«sealed»"
"""What is printed in place of a personal value."""
AT_ONCE = 500
POLL_SECONDS = 1.0
"""An event can become settled without a notice: when another transaction that was open ends without one."""


def run(stream_id: str | None, since: int | None, *, follow: bool, as_json: bool) -> None:
    """Print events above the position `since`, in their order; from now on when it is None.

    Ctrl-C, and a reader of our output that goes away, are ways to end. Raises what REFUSALS names.
    """
    settings = load_settings(os.environ)
    show = json_line if as_json else text_line
    with (
        engines_for(settings, lambda line: typer.echo(line, err=True)) as urls,
        suppress(KeyboardInterrupt),
    ):
        try:
            asyncio.run(_tail(settings, urls, Tail(stream_id, since, follow=follow), show))
        except BrokenPipeError:
            # What is still in the buffer would be written at exit, and fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Tail:
    """Where to begin, and whether to go on beyond what is there at the beginning."""

    def __init__(self, stream_id: str | None, since: int | None, *, follow: bool) -> None:
        self._stream_id = stream_id
        self._passed = since
        self._follow = follow

    async def events(self, reader: SqlEventReader) -> AsyncGenerator[StoredEvent, None]:
        """Yield events. A database that is away is waited for, unless it does not follow: then Unavailable."""
        while True:
            try:
                async with reader.bell() as rung, aclosing(self._connected(reader, rung)) as events:
                    async for event in events:
                        yield event
            except Unavailable as error:
                if not self._follow:
                    raise
                typer.echo(f"fluentpro: {error.message}", err=True)
                await asyncio.sleep(POLL_SECONDS)
            else:
                return

    async def _connected(self, reader: SqlEventReader, rung: asyncio.Event) -> AsyncGenerator[StoredEvent, None]:
        while True:
            rung.clear()
            upto = await reader.settled()
            if self._passed is None:
                self._passed = upto
            while events := await reader.following(self._passed, upto, self._stream_id, AT_ONCE):
                for event in events:
                    # Before it is shown: it is not to be shown twice when the connection is lost after it.
                    self._passed = event.position
                    yield event
            if not self._follow:
                return
            self._passed = max(self._passed, upto)
            await _rung(rung)


async def _rung(bell: asyncio.Event) -> None:
    """Return when the bell rings, or after a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(POLL_SECONDS):
            await bell.wait()


def text_line(event: StoredEvent) -> str:
    """Return an event as people read it."""
    moment = event.occurred_at.isoformat(sep=" ", timespec="milliseconds")
    data = json.dumps(_shown(event), ensure_ascii=False)
    line = f"{moment}  {event.stream_id} {event.version}  {event.type}  {event.actor}  {data}"
    # Nothing that stands in an event may command a terminal.
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in line)


def json_line(event: StoredEvent) -> str:
    """Return an event as programs read it."""
    content: dict[str, Any] = {
        "position": event.position,
        "stream_id": event.stream_id,
        "version": event.version,
        "event_id": str(event.event_id),
        "type": event.type,
        "schema_version": event.schema_version,
        "occurred_at": event.occurred_at.isoformat(),
        "meta": event.meta,
        "data": _shown(event),
        "hash": event.hash.hex(),
    }
    return json.dumps(content)


def _shown(event: StoredEvent) -> dict[str, Any]:
    return {**event.data, **dict.fromkeys(sealed_fields(event.data), SEALED)}


async def _tail(settings: Settings, urls: EngineUrls, tail: Tail, show: Callable[[StoredEvent], str]) -> None:
    await require_named(settings)
    connections = Connections(create_engine(urls.database_url, pool_size=2))
    try:
        await require_tables(connections.engine)
        async with aclosing(tail.events(SqlEventReader(connections))) as events:
            async for event in events:
                typer.echo(show(event))
    finally:
        await connections.close()
