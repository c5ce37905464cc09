"""What a handler of events is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.audit.model import StoredEvent
from domain.audit.registry import decode
from domain.shared.events import Event


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event as a handler gets it: `data` has its personal values as text, or None where it does not get them."""

    stored: StoredEvent
    data: Mapping[str, Any]

    @property
    def correlation_id(self) -> str:
        """The id of the request that the event goes back to; empty where there was none."""
        return str(self.stored.meta.get("correlation_id") or "")

    def event(self) -> Event:
        """Return the event in the schema of today. Raises Undecodable."""
        return decode(self.stored.type, self.stored.schema_version, self.data)


class Handler(Protocol):
    """Makes something of events: rows (a projection) or jobs (a reaction); it does no outside work.

    It handles each event of a stream once and in order, in two steps. `change` says what one event means, and touches
    nothing: so one event that it cannot handle keeps no other back. `write` carries out what many events mean, in the
    transaction that remembers that they are handled.
    """

    @property
    def name(self) -> str:
        """What it is called: in the database, on the bus, in metrics. It never changes."""
        ...

    @property
    def aggregates(self) -> frozenset[str]:
        """The kinds of streams whose events it wants."""
        ...

    @property
    def wants_personal(self) -> bool:
        """Whether it needs what is personal in events."""
        ...

    def change(self, occurrence: Occurrence) -> Any:
        """Return what the event means here; None when it means nothing. Raises Undecodable, or whatever goes wrong."""
        ...

    async def write(self, connection: AsyncConnection, changes: Sequence[Any]) -> None:
        """Carry out changes, which are in the order of their events within each stream. The caller commits."""
        ...


@runtime_checkable
class Projection(Handler, Protocol):
    """A handler whose rows can be made anew from the events."""

    async def forget(self, connection: AsyncConnection, stream_id: str) -> None:
        """Remove what it made of one stream. The caller commits."""
        ...
