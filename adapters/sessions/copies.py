"""The copies of sessions in Redis."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from redis.asyncio import Redis

from adapters.live.connection import ANSWER_WITHIN, FAULTS
from adapters.sessions.keys import ENDED_CHANNEL, index_key, session_key
from adapters.sessions.scripts import END, TOUCH
from domain.identity.model import ACCESS_TOKEN_LIFETIME, Session

WRITE_EVERY = timedelta(seconds=60)
"""How far the database's moment of a session may fall behind the copy's before it is written."""
_MOST_READ = 1000


class CopiesUnavailable(Exception):
    """Redis does not answer."""


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a session: the session as last used then, and the last use that the database had."""

    session: Session
    written: datetime


class SessionCopies:
    """Keeps the copies. Every method raises CopiesUnavailable, after ANSWER_WITHIN at the latest."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._touch = redis.register_script(TOUCH)
        self._end = redis.register_script(END)

    async def touch(self, uses: Sequence[Use], now: datetime) -> list[Use]:
        """Note uses; return those that the database is to be told of."""
        async with _answers(), self._redis.pipeline(transaction=False) as pipe:
            for use in uses:
                await self._touch(_keys(use.session.user_id, use.session.id), _arguments(use, now), client=pipe)
            due = await pipe.execute()
        return [use for use, is_due in zip(uses, due, strict=True) if is_due]

    async def end(self, user_id: UUID, session_ids: Iterable[UUID]) -> None:
        """Drop the copies of ended sessions, and tell every process that listens to ENDED_CHANNEL.

        They take no more notes for as long as the sessions' last access tokens may live.
        """
        remembered = ACCESS_TOKEN_LIFETIME // _MILLISECOND
        async with _answers(), self._redis.pipeline(transaction=False) as pipe:
            for session_id in session_ids:
                arguments: list[str | int] = [str(session_id), remembered, ENDED_CHANNEL]
                await self._end(_keys(user_id, session_id), arguments, client=pipe)
            await pipe.execute()

    async def seen(self, user_id: UUID, now: datetime) -> Mapping[UUID, datetime]:
        """Return when the user's sessions were last used, by their id."""
        async with _answers():
            found = await self._redis.zrangebyscore(
                index_key(user_id), _milliseconds(now), "+inf", start=0, num=_MOST_READ
            )
            ids = [UUID(cast("bytes", each).decode()) for each in found]
            async with self._redis.pipeline(transaction=False) as pipe:
                for session_id in ids:
                    pipe.hget(session_key(user_id, session_id), "seen")
                moments = await pipe.execute()
        return {each: _moment(int(seen)) for each, seen in zip(ids, moments, strict=True) if seen is not None}


@asynccontextmanager
async def _answers() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            yield
    except FAULTS as fault:
        raise CopiesUnavailable("The copies of sessions do not answer.") from fault


def _keys(user_id: UUID, session_id: UUID) -> list[str]:
    return [session_key(user_id, session_id), index_key(user_id)]


def _arguments(use: Use, now: datetime) -> list[str | int]:
    moments = (use.session.last_seen_at, use.written, use.session.expires_at, now)
    return [str(use.session.id), *map(_milliseconds, moments), WRITE_EVERY // _MILLISECOND]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND
