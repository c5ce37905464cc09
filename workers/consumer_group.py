"""One handler's group on the bus, as one process uses it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from adapters.bus.keys import bus_key

MOST_ENTRIES = 500
"""Entries read at once, of each stream."""
ANSWER_WITHIN = 5.0
"""Seconds for a command. A read blocks for one at most, so a longer silence is a fault."""
TAKEN_OVER_AFTER = 30.0
"""Seconds after which an entry that was delivered and not acknowledged is somebody else's."""
_GONE_AFTER = 3600.0
"""Seconds without a sign after which a consumer that owes nothing is removed. Those that live read every second."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: it says that a stream of events has moved. `stream_id` is empty when it says nothing."""

    key: bytes
    id: bytes
    stream_id: str


class ConsumerGroup:
    """The group `name` on the bus streams of some areas. Every method raises RedisError or OSError."""

    def __init__(self, redis: Redis, name: str, areas: Iterable[str], consumer: str) -> None:
        self._redis = redis
        self._name = name
        self._keys = [bus_key(area) for area in sorted(set(areas))]
        self._consumer = consumer

    async def prepare(self) -> None:
        """Make the group where there is none, from the first entry on, and remove consumers that are long gone."""
        for key in self._keys:
            with _unless_there():
                async with in_time():
                    await self._redis.xgroup_create(key, self._name, id="0", mkstream=True)
            await self._remove_gone(key)

    async def read(self, seconds: float) -> list[Entry]:
        """Return new entries; after `seconds` (at most 1) none."""
        block = max(1, int(min(seconds, 1.0) * 1000))  # 0 would be for ever
        async with in_time():
            found: Any = await self._redis.xreadgroup(
                self._name, self._consumer, dict.fromkeys(self._keys, ">"), count=MOST_ENTRIES, block=block
            )
        return [entry for key, entries in found or () for entry in _entries(key, entries)]

    async def take_over(self, idle_seconds: float) -> list[Entry]:
        """Return entries that were delivered so long ago and never acknowledged: they are this consumer's from now."""
        idle = int(idle_seconds * 1000)
        taken: list[Entry] = []
        for key in self._keys:
            async with in_time():
                answer: Any = await self._redis.xautoclaim(
                    key, self._name, self._consumer, min_idle_time=idle, start_id="0-0", count=MOST_ENTRIES
                )
            taken += _entries(key.encode(), answer[1])
        return taken

    async def acknowledge(self, entries: Iterable[Entry]) -> None:
        """Have the group done with the entries."""
        ids: dict[bytes, list[bytes]] = defaultdict(list)
        for entry in entries:
            ids[entry.key].append(entry.id)
        for key, acknowledged in ids.items():
            async with in_time():
                await self._redis.xack(key, self._name, *acknowledged)

    async def leave(self) -> None:
        """Remove this consumer where it owes nothing. What it owes stays with it until another takes it over."""
        for key in self._keys:
            async with in_time():
                owed = await self._redis.xpending_range(key, self._name, "-", "+", 1, self._consumer)
                if not owed:
                    await self._redis.xgroup_delconsumer(key, self._name, self._consumer)

    async def _remove_gone(self, key: str) -> None:
        async with in_time():
            consumers: Any = await self._redis.xinfo_consumers(key, self._name)
        for each in consumers:
            if not each["pending"] and each["idle"] > _GONE_AFTER * 1000:
                async with in_time():
                    await self._redis.xgroup_delconsumer(key, self._name, each["name"])


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Raise TimeoutError where a command has no answer within ANSWER_WITHIN."""
    async with asyncio.timeout(ANSWER_WITHIN):
        yield


@contextmanager
def _unless_there() -> Iterator[None]:
    try:
        yield
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise


def _entries(key: bytes, entries: Sequence[tuple[bytes, dict[bytes, bytes] | None]]) -> list[Entry]:
    """Return the entries as we use them; one that was trimmed meanwhile has no fields any more."""
    return [Entry(key, entry_id, _stream(fields or {})) for entry_id, fields in entries]


def _stream(fields: dict[bytes, bytes]) -> str:
    return fields.get(b"stream_id", b"").decode(errors="replace")
