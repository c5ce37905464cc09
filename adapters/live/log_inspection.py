"""The logs of many replies, for who looks at what is stored."""

from collections.abc import Sequence
from uuid import UUID

from redis.asyncio import Redis

from adapters.live.connection import connect, log_answers
from adapters.live.keys import log_key
from adapters.live.log_reader import LogReader
from domain.practice.inspection import LogFault, Logs, ReplyLog
from domain.practice.log import LogUnavailable

_AT_ONCE = 1000
"""Keys that one pipeline asks for."""
_BROKEN = ReplyLog(fault=LogFault.BROKEN)


class RedisReplyLogs:
    """Implements `domain.practice.inspection.ReplyLogs`. `close` it in the loop that uses it."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = connect(url, 2)
        self._reader = LogReader(self._redis)

    async def read(self, generation_ids: Sequence[UUID]) -> Logs:
        """Return the log of each reply; once the server does not answer, it is not asked again."""
        logs: dict[UUID, ReplyLog] = {}
        try:
            for generation_id, kind in await self._there(generation_ids):
                logs[generation_id] = await self._one(generation_id) if kind == b"stream" else _BROKEN
        except LogUnavailable:
            unknown = ReplyLog(fault=LogFault.UNAVAILABLE)
            return {each: logs.get(each, unknown) for each in generation_ids}
        return {each: logs.get(each, ReplyLog()) for each in generation_ids}

    async def drop(self, generation_id: UUID) -> None:
        """Remove a log. Raises LogUnavailable."""
        async with log_answers():
            await self._redis.delete(log_key(generation_id))

    async def close(self) -> None:
        """Close all connections."""
        await self._redis.aclose()

    async def _there(self, generation_ids: Sequence[UUID]) -> list[tuple[UUID, bytes]]:
        """Return the replies that have a key, with its type: most have none any more."""
        there: list[tuple[UUID, bytes]] = []
        for start in range(0, len(generation_ids), _AT_ONCE):
            asked = generation_ids[start : start + _AT_ONCE]
            async with log_answers(), self._redis.pipeline(transaction=False) as pipe:
                for generation_id in asked:
                    pipe.type(log_key(generation_id))
                kinds = await pipe.execute()
            there += [found for found in zip(asked, kinds, strict=True) if found[1] != b"none"]
        return there

    async def _one(self, generation_id: UUID) -> ReplyLog:
        try:
            return ReplyLog(await self._reader.all(generation_id))
        except (KeyError, ValueError, TypeError):  # whoever writes to the server by hand can put anything there
            return _BROKEN
