"""`python -m tests.faults.rig.slow_consumer`: a process with one handler, which takes a second for each event."""

import asyncio
import os
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.security.master_keys import load_or_create_master_keys
from adapters.settings import load_settings
from adapters.sql.engine import Connections, create_engine
from domain.shared.clock import system_clock
from workers.consumer import Consumers
from workers.handler import Occurrence

NAME = "slow"


class Slow:
    """Takes its time, and does nothing."""

    name = NAME
    aggregates = frozenset({"conversation"})
    wants_personal = False

    def change(self, occurrence: Occurrence) -> int:
        """Return the event's position."""
        return occurrence.stored.position

    async def write(self, _connection: AsyncConnection, changes: Sequence[int]) -> None:
        """Let a second pass for each."""
        await asyncio.sleep(len(changes))  # paces: slowness is the fault


async def _consume() -> None:
    settings = load_settings(os.environ)
    assert settings.database_url is not None
    assert settings.redis_url is not None
    connections = Connections(create_engine(settings.database_url.get_secret_value(), pool_size=4))
    keys = load_or_create_master_keys(settings.data_dir / "keys" / "master.json")
    name = f"slow-{os.getpid()}"
    await Consumers(connections, settings.redis_url.get_secret_value(), keys, system_clock, name, (Slow(),)).run()


if __name__ == "__main__":
    asyncio.run(_consume())
