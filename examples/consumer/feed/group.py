"""A consumer group over the streams: what it delivers, and saying that it is done."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry

BATCH = 500
BLOCK_SECONDS = 1
"""How long one read waits for entries, and so how long a stop may take."""

IDLE_SECONDS = 30
"""Whoever holds an entry for so long is taken to be gone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `fields` is empty when the stream has lost it since: then it only has to be acknowledged."""

    stream: str
    id: str
    fields: dict[str, str]


class Group:
    """One consumer, by its name, of a group. Every method raises RedisError."""

    def __init__(self, url: str, group: str, consumer: str, streams: Sequence[str]) -> None:
        # No retry within the client: a read that is sent again would pass over what the lost answer had brought.
        self._redis: Redis = Redis.from_url(
            url,
            client_name=consumer,  # what CLIENT LIST shows
            protocol=2,
            decode_responses=True,
            encoding_errors="replace",
            socket_timeout=BLOCK_SECONDS + 5,
            socket_connect_timeout=5,
            retry=Retry(NoBackoff(), 0),
        )
        self._group, self._consumer, self._streams = group, consumer, streams

    def make(self) -> None:
        """Make the group where it is missing; it begins with the oldest entry that there is."""
        for stream in self._streams:
            try:
                self._redis.xgroup_create(stream, self._group, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    def unfinished(self) -> list[Entry]:
        """Return what was delivered to this consumer's name and not acknowledged: by a process before this one."""
        return self._read("0", block=None)

    def new(self) -> list[Entry]:
        """Wait for entries that nobody in the group has had."""
        return self._read(">", block=BLOCK_SECONDS * 1000)

    def abandoned(self) -> list[Entry]:
        """Take over what another consumer has held for too long."""
        return [entry for stream in self._streams for entry in self._claim(stream)]

    def done(self, entries: Iterable[Entry]) -> None:
        """Acknowledge entries."""
        with self._redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                pipe.xack(entry.stream, self._group, entry.id)
            pipe.execute()

    def close(self) -> None:
        """Give the connection back."""
        self._redis.close()

    def _read(self, after: str, block: int | None) -> list[Entry]:
        streams: Any = dict.fromkeys(self._streams, after)
        answer: Any = self._redis.xreadgroup(self._group, self._consumer, streams, count=BATCH, block=block)
        return [entry for stream, found in answer or () for entry in _entries(stream, found)]

    def _claim(self, stream: str) -> Iterator[Entry]:
        idle = IDLE_SECONDS * 1000
        answer: Any = self._redis.xautoclaim(stream, self._group, self._consumer, idle, count=BATCH)
        return _entries(stream, answer[1])


def _entries(stream: str, found: Iterable[tuple[str, dict[str, str] | None]]) -> Iterator[Entry]:
    return (Entry(stream, entry_id, fields or {}) for entry_id, fields in found if entry_id is not None)
