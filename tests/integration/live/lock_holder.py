"""A process that takes a lock, tells so, and works under it until it is killed or the lock is lost.

Its work ends in one write of `fenced`, good only while the row has the version that was read before. When the lock is
lost it tries that write all the same, as somebody would who does not know yet.
"""

import asyncio
import sys
import time
from itertools import pairwise
from typing import NoReturn

from sqlalchemy import text

from adapters.live.connection import connect
from adapters.live.distributed_lock import DistributedLock, LockLost
from adapters.sql.engine import Connections, create_engine


def tell(*words: object) -> None:
    print(*words, flush=True)


async def work(beats: list[float]) -> NoReturn:
    """Beat every 10 ms."""
    while True:
        beats.append(time.monotonic())
        await asyncio.sleep(0.01)


def since_waking(beats: list[float]) -> float:
    """Return the seconds from the end of the longest silence to the last beat."""
    _, woke = max(pairwise(beats), key=lambda pair: pair[1] - pair[0])
    return beats[-1] - woke


async def main(redis_url: str, database_url: str, ttl: float) -> None:
    connections = Connections(create_engine(database_url, 1))
    lock, beats = DistributedLock(connect(redis_url, 2), "work", ttl), [time.monotonic()]
    async with connections.reading() as connection:
        version = (await connection.execute(text("SELECT version FROM fenced"))).scalar_one()
        try:
            async with lock.hold(within=5.0):
                tell("held", version)
                await work(beats)
        except LockLost:
            tell("lost", since_waking([*beats, time.monotonic()]))
        statement = text("UPDATE fenced SET version = version + 1 WHERE version = :version")
        tell("wrote", (await connection.execute(statement, {"version": version})).rowcount)


asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
