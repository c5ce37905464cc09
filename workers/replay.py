"""Making all that a projection has anew, stream by stream, while everything runs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from adapters.security.master_keys import MasterKeys
from adapters.sql.dead_letters import SqlDeadLetters
from adapters.sql.engine import Connections
from adapters.sql.handling import handling, streams_of
from workers.describing import describe
from workers.effect import Effect, HandlerFailed
from workers.handler import Projection
from workers.remaking import REMAKING_SECONDS, remake


@dataclass(frozen=True, slots=True)
class Remade:
    """A stream that was made anew of so many events; `error` says why it was left as it was."""

    stream_id: str
    events: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays one projection. A transaction a stream: at every moment each stream is there, as it was or anew."""

    connections: Connections
    projection: Projection
    master_keys: MasterKeys

    async def __call__(self, stream_id: str | None = None) -> AsyncIterator[Remade]:
        """Yield each stream once it is done, or the only one of that name. Raises Unavailable."""
        if stream_id is not None:
            yield await self._remake(stream_id)
            return
        after = ""
        while streams := await self._streams(after):
            for each in streams:
                yield await self._remake(each)
            after = streams[-1]

    async def _streams(self, after: str) -> list[str]:
        async with self.connections.reading() as connection:
            return await streams_of(connection, self.projection.aggregates, after)

    async def _remake(self, stream_id: str) -> Remade:
        effect = Effect(self.projection, self.master_keys)
        try:
            async with handling(self.connections, REMAKING_SECONDS) as connection:
                dead = await SqlDeadLetters(connection).of_stream(self.projection.name, stream_id)
                skipped = {letter.version for letter in dead}
                events = await remake(connection, effect, self.projection, stream_id, skipped)
                await effect.commit(connection)
        except HandlerFailed as failed:
            return Remade(stream_id, 0, describe(failed.error))
        return Remade(stream_id, events)
