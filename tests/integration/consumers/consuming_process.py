"""Consumers as a process of their own, for tests that kill it: its arguments are one object of JSON."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence

from fakes.handlers import Recorder
from fakes.master_keys import MASTER_KEYS
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import adapters.sql.handling
import workers.trying
from adapters.failpoints import Failpoints, arm
from adapters.sql.engine import Connections, create_engine
from domain.shared.clock import system_clock
from workers.consumer import Consumers


class Killer(Recorder):
    """Kills its process at a turn of `poison` words."""

    async def write(self, connection: AsyncConnection, changes: Sequence[tuple[str, int]]) -> None:
        if any(words in self.poison for _, words in changes):
            os.kill(os.getpid(), signal.SIGKILL)
        await super().write(connection, changes)


async def main(given: dict) -> None:
    if "idle" in given:
        limits = f"SELECT set_config('idle_in_transaction_session_timeout', '{given['idle']}', true)"
        adapters.sql.handling._LIMITS = text(limits)
    workers.trying.TRANSACTION_SECONDS = 0.2
    arm(Failpoints.parse(given.get("failpoints", "")))
    connections = Connections(create_engine(given["database_url"], pool_size=3))
    handler = Killer(poison=set(given.get("poison", ())), step="write")
    waits = (0.0, 0.01, 0.02, 0.03, 0.04)
    await Consumers(
        connections, given["redis_url"], MASTER_KEYS, system_clock, f"process-{os.getpid()}", [handler], waits
    ).run()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
