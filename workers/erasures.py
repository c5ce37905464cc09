"""Keeps who was erased erased: lists them outside of the database, and erases again whom a backup brought back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID, uuid4

from adapters.erasure_list import ErasureList
from adapters.sql.engine import Connections
from adapters.sql.erasures import back_again, erased_users
from domain.identity.erase import EraseAgain
from domain.shared.errors import Unavailable
from domain.shared.origin import Origin, current_origin

LIST_SECONDS = 1.0
"""How long at most an erasure stands in the database alone: who is lost with it in that time has to be erased again."""
AT_ONCE = 1000
"""Users that are looked for in one statement."""

# Transactions become visible in another order than that of their times; none takes nearly as long as this.
_OVERLAP = timedelta(hours=1)

_log = logging.getLogger(__name__)


class Erasures:
    """Any number of processes may do this: the file has a lock, and erasing twice is erasing once."""

    def __init__(
        self,
        connections: Connections,
        erase_again: EraseAgain,
        erasure_list: ErasureList,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connections = connections
        self._erase_again = erase_again
        self._list = erasure_list
        self._pause = pause
        self._listed_to: datetime | None = None

    async def run(self) -> NoReturn:
        """Erase again who is back, then list who is erased, until cancelled. An outage of the database is waited for.

        Raises OSError when the list cannot be read or written.
        """
        current_origin.set(Origin(correlation_id=str(uuid4()), actor="system:erasures"))
        work = self.erase_returned
        while True:
            try:
                await work()
                work = self.list_erased
            except Unavailable as error:
                _log.warning("Erasures have to wait: %s", error)
            await self._pause(LIST_SECONDS)

    async def erase_returned(self) -> int:
        """Erase again everybody in the list who is in the database; return how many. Raises Unavailable, OSError."""
        listed = sorted(await asyncio.to_thread(self._list.users))
        count = 0
        for start in range(0, len(listed), AT_ONCE):
            for user_id in await self._back(listed[start : start + AT_ONCE]):
                count += await self._erase_again(user_id)
        if count:
            _log.warning("%d users who had been erased were back, and were erased again.", count)
        return count

    async def list_erased(self) -> int:
        """Write everybody who was erased to the list; return how many are new there. Raises Unavailable, OSError."""
        since = None if self._listed_to is None else self._listed_to - _OVERLAP
        async with self._connections.reading() as connection:
            erased = await erased_users(connection, since)
        if not erased:
            return 0
        added = await asyncio.to_thread(self._list.add, erased)
        self._listed_to = erased[-1][1]
        return added

    async def _back(self, user_ids: list[UUID]) -> list[UUID]:
        async with self._connections.reading() as connection:
            return sorted(await back_again(connection, user_ids))
