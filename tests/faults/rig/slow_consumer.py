"""`python -m tests.faults.rig.slow_consumer`: another service on the bus, with its own group: an event a second."""

import asyncio
import os
from typing import Any

from redis.asyncio import Redis

from adapters.bus.keys import bus_key
from adapters.settings import load_settings

NAME = "slow-service"
STREAM = bus_key("practice")


async def _consume() -> None:
    settings = load_settings(os.environ)
    assert settings.redis_url is not None
    async with Redis.from_url(settings.redis_url.get_secret_value(), protocol=2) as client:
        await client.xgroup_create(STREAM, NAME, id="0", mkstream=True)
        while True:
            found: Any = await client.xreadgroup(NAME, "one", {STREAM: ">"}, count=10, block=1000)
            for _, entries in found or ():
                for entry_id, _fields in entries:
                    await asyncio.sleep(1)  # paces: slowness is the fault
                    await client.xack(STREAM, NAME, entry_id)


if __name__ == "__main__":
    asyncio.run(_consume())
