"""`python -m tests.faults.rig.lock_holder CONVERSATION USER`: changes one conversation again and again under a lock.

Each time it reads the conversation, works on it for a while and writes what it made of it: also when the lock was lost
meanwhile, as somebody would who does not know yet, and without a lock while nobody can say who has it. What it says of
each change: `read 7`, then `wrote 8` or `refused 8`.
"""

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from adapters.choices import master_keys
from adapters.live.connection import connect
from adapters.live.distributed_lock import DistributedLock, LockLost, LockTaken, LockUnavailable
from adapters.settings import load_settings
from adapters.sql.engine import Connections, create_engine
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.practice.model import Conversation
from domain.shared.clock import system_clock
from domain.shared.errors import ConcurrentUpdate

TTL = 2.0
WORK = 0.2
"""Seconds between reading and writing."""


class Holder:
    """Who changes the conversation."""

    def __init__(self, conversation_id: UUID, user_id: UUID) -> None:
        settings = load_settings(os.environ)
        assert settings.database_url
        assert settings.redis_url
        self._ids = conversation_id, user_id
        self._connections = Connections(create_engine(settings.database_url.get_secret_value(), 2))
        self._master = master_keys(settings)
        redis = connect(settings.redis_url.get_secret_value(), 2)
        self._lock = DistributedLock(redis, f"conversation:{conversation_id}", TTL)

    async def change(self) -> None:
        """Change it once, as soon as the lock is ours."""
        read: list[Conversation] = []
        try:
            async with self._lock.hold(within=5.0):
                read.append(await self._read())
                await asyncio.sleep(WORK)  # paces: it is being worked on
        except LockTaken:
            return
        except LockUnavailable:
            read.append(await self._read())
        except LockLost:
            _tell("lost the lock")
        await self._write(read[0])

    def _work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self._connections, system_clock, self._master)

    async def _read(self) -> Conversation:
        async with self._work() as work:
            found = await work.conversations.get(*self._ids)
        assert found is not None
        _tell("read", found.version)
        return found

    async def _write(self, read: Conversation) -> None:
        changed = replace(read, version=read.version + 1, updated_at=system_clock())
        try:
            async with self._work() as work:
                await work.conversations.save(changed)
                await work.commit()
        except ConcurrentUpdate:
            _tell("refused", changed.version)
        else:
            _tell("wrote", changed.version)


def _tell(*words: object) -> None:
    print(*words, flush=True)


async def _main() -> None:
    holder = Holder(UUID(sys.argv[1]), UUID(sys.argv[2]))
    with suppress(asyncio.CancelledError):
        while True:
            await holder.change()


if __name__ == "__main__":
    asyncio.run(_main())
