"""Events that a handler failed at, while they are being tried again."""

from collections.abc import Sequence

from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

DIED = "HANDLER_DIED"
"""The reason of an event whose handling began and never ended."""
_DIED = "The process that handled it ended, or lost its database."

# A try counts before it is made: else an event that kills its process would kill one after the other.
_BEGIN = text(
    """
    INSERT INTO handler_failure AS known (handler, stream_id, version, tries, reason, error, failed_at)
    VALUES (:handler, :stream_id, :version, 1, :reason, :error, clock_timestamp())
    ON CONFLICT (handler, stream_id) DO UPDATE SET
        tries = CASE WHEN known.version = excluded.version THEN known.tries + 1 ELSE 1 END,
        version = excluded.version, reason = excluded.reason, error = excluded.error, failed_at = excluded.failed_at
    """
)
_TAKE_BACK = text(
    """
    WITH first AS (
        DELETE FROM handler_failure
        WHERE handler = :handler AND stream_id = :stream_id AND version = :version AND tries = 1
    )
    UPDATE handler_failure SET tries = tries - 1
    WHERE handler = :handler AND stream_id = :stream_id AND version = :version AND tries > 1
    """
)
# A stream whose process died once goes on with the others: few were at fault, and one by one they would take seconds.
_SUSPECT = text(
    """
    INSERT INTO handler_failure AS known (handler, stream_id, version, tries, reason, error, failed_at)
    SELECT :handler, event.stream_id, event.version, 1, :reason, :error, clock_timestamp()
    FROM unnest(:streams) AS wanted (stream_id)
    LEFT JOIN handler_position AS at ON at.handler = :handler AND at.stream_id = wanted.stream_id
    JOIN event_store AS event ON event.stream_id = wanted.stream_id AND event.version = coalesce(at.version, 0) + 1
    ORDER BY event.stream_id COLLATE "C"
    ON CONFLICT (handler, stream_id) DO UPDATE SET tries = known.tries + 1, failed_at = clock_timestamp()
    WHERE known.version = excluded.version AND known.reason = excluded.reason AND known.tries < 2
    RETURNING stream_id
    """
).bindparams(bindparam("streams", type_=ARRAY(Text)))
_END = text(
    """
    UPDATE handler_failure SET reason = :reason, error = :error, failed_at = clock_timestamp()
    WHERE handler = :handler AND stream_id = :stream_id AND version = :version
    """
)


class Tries:
    """The tries of one handler, within one transaction."""

    def __init__(self, connection: AsyncConnection, handler: str) -> None:
        self._connection = connection
        self._handler = handler

    async def begin(self, stream_id: str, version: int) -> None:
        """Count a try of an event, whose stream is held."""
        values = {"handler": self._handler, "stream_id": stream_id, "version": version, "reason": DIED, "error": _DIED}
        await self._connection.execute(_BEGIN, values)

    async def take_back(self, stream_id: str, version: int) -> None:
        """Count a try no more: something else than the event was at fault."""
        await self._connection.execute(
            _TAKE_BACK, {"handler": self._handler, "stream_id": stream_id, "version": version}
        )

    async def suspect(self, streams: Sequence[str]) -> frozenset[str]:
        """Count a try of the next event of each stream that has one; return the streams to go on with together.

        Left out are those that failed, and those whose processes died twice: nothing is counted of them.
        """
        values = {"handler": self._handler, "streams": list(streams), "reason": DIED, "error": _DIED}
        return frozenset((await self._connection.execute(_SUSPECT, values)).scalars())

    async def end(self, stream_id: str, version: int, reason: str, error: str) -> None:
        """Keep what came of the try."""
        values = {"handler": self._handler, "stream_id": stream_id, "version": version}
        await self._connection.execute(_END, {**values, "reason": reason, "error": error})
