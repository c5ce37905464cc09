"""The checkers: which facts the database, the streams and the effects hold, and what does not fit together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from .writing import number_of

_ROLES = text("SELECT id, title FROM role WHERE owner_id IS NOT NULL")
_ROLES_OF_EVENTS = text("SELECT data->>'role_id' FROM event_store WHERE type = 'onboarding.custom_role_created'")
_PROFILE_FACTS = text("SELECT data->'fields'->>0 FROM event_store WHERE type = 'user.profile_updated'")
_UNPUBLISHED = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")
_MISFITS = {
    "streams whose versions are not 1 to n": text(
        "SELECT count(*) FROM (SELECT 1 FROM event_store GROUP BY stream_id"
        " HAVING count(*) <> max(version) OR min(version) <> 1) AS torn"
    ),
    "streams whose head is not their last event": text(
        "SELECT count(*) FROM stream_head AS head LEFT JOIN event_store AS event"
        " ON event.stream_id = head.stream_id AND event.version = head.version"
        " WHERE event.hash IS DISTINCT FROM head.hash OR EXISTS (SELECT 1 FROM event_store AS later"
        " WHERE later.stream_id = head.stream_id AND later.version > head.version)"
    ),
    "events without a place in the outbox": text(
        "SELECT count(*) FROM event_store LEFT JOIN outbox USING (position) WHERE outbox.position IS NULL"
    ),
}


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What the database holds of what `Writers` wrote."""

    numbers: tuple[int, ...]
    """The numbers of the facts, each as often as it is there."""
    without_event: frozenset[str]
    """Ids of roles that no event tells of."""
    without_state: frozenset[str]
    """Ids of roles that an event tells of and that are not there, or that two events tell of."""

    @property
    def partial(self) -> int:
        """How many transactions took place in part."""
        return len(self.without_event) + len(self.without_state)


async def role_facts(connection: AsyncConnection) -> RoleFacts:
    """Read the facts of `Writers` back."""
    titles = {row.id: row.title for row in await connection.execute(_ROLES)}
    told = Counter((await connection.execute(_ROLES_OF_EVENTS)).scalars())
    numbers = (number_of(title) for title in titles.values())
    return RoleFacts(
        numbers=tuple(number for number in numbers if number is not None),
        without_event=frozenset(titles.keys() - told.keys()),
        without_state=frozenset(told.keys() - titles.keys()) | {id_ for id_, times in told.items() if times > 1},
    )


async def profile_facts(connection: AsyncConnection) -> list[int]:
    """Read the numbers of `append_facts` back out of the event store."""
    fields = (await connection.execute(_PROFILE_FACTS)).scalars()
    return [number for number in map(number_of, fields) if number is not None]


async def torn(connection: AsyncConnection) -> list[str]:
    """Return what in the event store does not fit together, a sentence each; nothing where all is well."""
    counts = {what: (await connection.execute(query)).scalar_one() for what, query in _MISFITS.items()}
    return [f"{count} {what}" for what, count in counts.items() if count]


async def unpublished(connection: AsyncConnection) -> int:
    """Return how many events wait for the relay."""
    return int((await connection.execute(_UNPUBLISHED)).scalar_one())


@dataclass(frozen=True, slots=True)
class Delivery:
    """One entry of a stream: which event, and its place within its aggregate."""

    event_id: str
    stream_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the entries of the bus, in their order, come to."""

    events: frozenset[str]
    """The ids of the events that are there."""
    duplicates: int
    """How many entries repeat an event that was there before."""
    disorders: int
    """How many first deliveries came before an earlier event of their aggregate."""


def delivered(entries: Iterable[Delivery]) -> Delivered:
    """Look through entries in the order in which consumers see them."""
    seen: set[str] = set()
    newest: dict[str, int] = {}
    duplicates = disorders = 0
    for entry in entries:
        if entry.event_id in seen:
            duplicates += 1
            continue
        seen.add(entry.event_id)
        disorders += entry.version < newest.get(entry.stream_id, 0)
        newest[entry.stream_id] = max(entry.version, newest.get(entry.stream_id, 0))
    return Delivered(frozenset(seen), duplicates, disorders)


async def deliveries(client: Redis, streams: Sequence[str]) -> list[Delivery]:
    """Read every entry of these streams of the bus, such as `fp:ev:{identity}`."""
    found: list[Delivery] = []
    for stream in streams:
        last = "-"
        while entries := await client.xrange(stream, min=last, count=1000):
            found.extend(_delivery(fields or {}) for _, fields in entries)
            last = f"({_text(entries[-1][0] or '')}"
    return found


async def event_ids(connection: AsyncConnection, aggregates: Sequence[str]) -> frozenset[str]:
    """Return the ids of all events of these kinds of streams, such as `user`."""
    query = text("SELECT event_id FROM event_store WHERE stream_id LIKE ANY (:patterns)")
    patterns = [f"{aggregate}-%" for aggregate in aggregates]
    return frozenset(map(str, (await connection.execute(query, {"patterns": patterns})).scalars()))


def _delivery(fields: dict[bytes | str, bytes | str]) -> Delivery:
    texts = {_text(name): _text(value) for name, value in fields.items()}
    return Delivery(texts["event_id"], texts["stream_id"], int(texts["version"]))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
