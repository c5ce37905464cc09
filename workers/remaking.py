"""Making what a projection has of one stream anew, from the stream's first event on."""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.handling import Loaded, Position, Progress
from workers.effect import Effect, HandlerFailed
from workers.handler import Projection

REMAKING_SECONDS = 60.0
"""What one stream may take: the longest have some thousands of events, and a thousand take a tenth of a second."""


async def remake(
    connection: AsyncConnection, effect: Effect, projection: Projection, stream_id: str, skipped: Collection[int]
) -> int:
    """Forget the stream and handle it again from its beginning, but for the `skipped` versions.

    Returns how many events were handled. The caller commits. Raises HandlerFailed, Unavailable.
    """
    progress = Progress(connection, projection.name)
    await progress.hold([stream_id])
    await projection.forget(connection, stream_id)
    version, handled, more = 0, 0, True
    while more:
        found = await progress.load([Position(stream_id, version, 0, 0.0)])
        wanted = [each for each in found.events if each.event.version not in skipped]
        handled += await _handle(connection, effect, wanted)
        version = found.events[-1].event.version if found.events else version
        more = bool(found.more)
    await progress.move({stream_id: version})
    await progress.settle([stream_id])
    return handled


async def _handle(connection: AsyncConnection, effect: Effect, events: Sequence[Loaded]) -> int:
    plan = await effect.plan(connection, events)
    for error in plan.failed.values():
        raise HandlerFailed from error
    await effect.write(connection, plan)
    return plan.events
