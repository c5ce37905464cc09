"""How far each handler is behind the event store, and what follows from it for the outbox.

An event is passed by a handler when the handler's position in the event's stream is not before it: it was handled, or
put aside as a dead letter. `handlers` maps the name of each handler to the kinds of streams that it wants.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.settled import settled_position

MOST_COUNTED = 100_000
"""Events behind are counted up to here: beyond, how many they are matters less than what counting them costs."""

Handlers = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a handler is behind: at most MOST_COUNTED events, the age in seconds of the oldest (0 without one).

    `tried` streams are held up by an event that failed and will be tried again; `dead` events wait for somebody.
    """

    handler: str
    behind: int
    oldest_seconds: float
    tried: int
    dead: int


@dataclass(frozen=True, slots=True)
class Unpassed:
    """An event that a handler has not passed."""

    position: int
    stream_id: str


_UNPASSED = """
    event_store AS event
    LEFT JOIN handler_position AS passed ON passed.handler = :handler AND passed.stream_id = event.stream_id
    WHERE event.position > :after AND event.stream_id LIKE ANY (:kinds) AND event.version > coalesce(passed.version, 0)
"""
"""Events that a handler has not passed, above a position."""

_KINDS = bindparam("kinds", type_=ARRAY(Text))


def _of_handler(statement: str) -> Any:
    return text(statement).bindparams(_KINDS, bindparam("after", type_=BigInteger))


_FIND = _of_handler(
    f"SELECT event.position, event.stream_id FROM {_UNPASSED} ORDER BY event.position LIMIT :limit"  # noqa: S608 - constants
)
_FIRST = _of_handler(f"SELECT event.position FROM {_UNPASSED} ORDER BY event.position LIMIT 1")  # noqa: S608 - constants
_BEHIND = _of_handler(
    f"""
    SELECT count(*) AS events, coalesce(extract(epoch FROM now() - min(occurred_at)), 0) AS seconds
    FROM (SELECT event.occurred_at FROM {_UNPASSED} ORDER BY event.position LIMIT {MOST_COUNTED}) AS behind
    """  # noqa: S608 - constants
)
_TROUBLE = text(
    """
    SELECT (SELECT count(*) FROM handler_failure WHERE handler = :handler) AS tried,
           (SELECT count(*) FROM dead_letter WHERE handler = :handler AND state IN ('dead', 'queued')) AS dead
    """
)
_UNPUBLISH = _of_handler(
    f"""
    UPDATE outbox SET published_at = NULL
    WHERE published_at IS NOT NULL AND position > :after
      AND position IN (SELECT event.position FROM {_UNPASSED})
    """  # noqa: S608 - constants
)
_FORGET = text("DELETE FROM outbox WHERE published_at < :before AND position <= :passed")
_WATERMARKS = text("SELECT handler, position FROM handler_watermark")
_ADVANCE = text(
    """
    INSERT INTO handler_watermark AS known (handler, position) VALUES (:handler, :position)
    ON CONFLICT (handler) DO UPDATE SET position = excluded.position WHERE known.position < excluded.position
    """
)
_UNPUBLISHED = text(
    """
    SELECT count(*) AS events, coalesce(extract(epoch FROM now() - min(event.occurred_at)), 0) AS seconds
    FROM outbox JOIN event_store AS event USING (position) WHERE published_at IS NULL
    """
)


async def lags(connection: AsyncConnection, handlers: Handlers) -> Sequence[Lag]:
    """Return how far each handler is behind."""
    marks = await _watermarks(connection)
    found = []
    for handler, kinds in handlers.items():
        behind = (await connection.execute(_BEHIND, _values(handler, kinds, marks))).one()
        trouble = (await connection.execute(_TROUBLE, {"handler": handler})).one()
        # An event from a process whose clock is ahead has not waited for less than no time.
        seconds = max(0.0, float(behind.seconds))
        found.append(Lag(handler, behind.events, seconds, trouble.tried, trouble.dead))
    return found


async def unpublished(connection: AsyncConnection) -> tuple[int, float]:
    """Return how many events wait for the relay, and the age of the oldest in seconds."""
    row = (await connection.execute(_UNPUBLISHED)).one()
    return row.events, max(0.0, float(row.seconds))


async def unpassed(
    connection: AsyncConnection, handler: str, kinds: frozenset[str], after: int, limit: int
) -> Sequence[Unpassed]:
    """Return the first events above position `after` that the handler has not passed."""
    values = {"handler": handler, "kinds": _patterns(kinds), "after": after, "limit": limit}
    return [Unpassed(row.position, row.stream_id) for row in await connection.execute(_FIND, values)]


async def watermark(connection: AsyncConnection, handler: str) -> int:
    """Return the position up to which the handler has passed everything, as far as was looked."""
    return (await _watermarks(connection)).get(handler, 0)


async def advance_watermarks(connection: AsyncConnection, handlers: Handlers) -> None:
    """Look anew up to where each handler has passed everything. The caller commits."""
    # Nothing can appear below it any more: else a watermark could pass what its handler never got.
    settled = await settled_position(connection)
    marks = await _watermarks(connection)
    for handler, kinds in handlers.items():
        first = (await connection.execute(_FIRST, _values(handler, kinds, marks))).scalar_one_or_none()
        position = settled if first is None else min(settled, int(first) - 1)
        await connection.execute(_ADVANCE, {"handler": handler, "position": position})


async def republish_unpassed(connection: AsyncConnection, handlers: Handlers) -> int:
    """Have the relay publish again what some handler has not passed; return how many events. The caller commits."""
    marks = await _watermarks(connection)
    count = 0
    for handler, kinds in handlers.items():
        count += (await connection.execute(_UNPUBLISH, _values(handler, kinds, marks))).rowcount
    return count


async def forget_passed(connection: AsyncConnection, handlers: Handlers, before: datetime) -> int:
    """Delete the outbox rows published before then that every handler has passed; return how many.

    The caller commits, and has advanced the watermarks.
    """
    marks = await _watermarks(connection)
    passed = min((marks.get(handler, 0) for handler in handlers), default=0)
    return (await connection.execute(_FORGET, {"before": before, "passed": passed})).rowcount


async def _watermarks(connection: AsyncConnection) -> dict[str, int]:
    return {row.handler: row.position for row in await connection.execute(_WATERMARKS)}


def _values(handler: str, kinds: frozenset[str], marks: Mapping[str, int]) -> dict[str, Any]:
    return {"handler": handler, "kinds": _patterns(kinds), "after": marks.get(handler, 0)}


def _patterns(kinds: frozenset[str]) -> list[str]:
    return [f"{kind}-%" for kind in sorted(kinds)]
