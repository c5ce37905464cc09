"""Trimming streams of the bus: never what a group still needs."""

from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import Redis

from adapters.bus.connection import bus_answers
from adapters.bus.entry_ids import parsed


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream after trimming: its entries, and the age in seconds of the oldest that some group has not acknowledged.

    `trimmed` counts the entries that were removed.
    """

    entries: int
    oldest_unacknowledged: float
    trimmed: int


async def trim(redis: Redis, stream: str, keep_seconds: float) -> StreamState | None:
    """Remove the entries older than `keep_seconds` that every group has acknowledged; None when there is no stream.

    Ages are by Redis' clock, which made the ids. Raises BusUnavailable.
    """
    async with bus_answers():
        if not await redis.exists(stream):
            return None
        seconds, _ = await redis.time()
        needed = await _first_needed(redis, stream)
        old = (max(0, int((seconds - keep_seconds) * 1000)), 0)
        first = old if needed is None else min(old, needed)
        trimmed = await redis.xtrim(stream, minid=f"{first[0]}-{first[1]}", approximate=False)
        entries = await redis.xlen(stream)
        waits = await _oldest(redis, stream, needed)
    return StreamState(entries, 0.0 if waits is None else max(0.0, seconds - waits / 1000), trimmed)


async def _first_needed(redis: Redis, stream: str) -> tuple[int, int] | None:
    """Return the lowest id from which on some group needs what there is; None without a group.

    Groups only move on, so what is found stays true while we trim.
    """
    needs = []
    for group in await redis.xinfo_groups(stream):
        milliseconds, sequence = parsed(group["last-delivered-id"].decode())
        needs.append((milliseconds, sequence + 1))
        pending = await redis.xpending(stream, group["name"])
        lowest = cast("bytes | None", pending["min"])
        if lowest is not None:
            needs.append(parsed(lowest.decode()))
    return min(needs, default=None)


async def _oldest(redis: Redis, stream: str, needed: tuple[int, int] | None) -> int | None:
    """Return when the first entry came that is needed, in milliseconds; None when none waits."""
    if needed is None:
        return None
    found: Any = await redis.xrange(stream, min=f"{needed[0]}-{needed[1]}", count=1)
    return parsed(found[0][0].decode())[0] if found else None
