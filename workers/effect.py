"""What a handler makes of events, within a transaction."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.failpoints import reach
from adapters.security.master_keys import MasterKeys
from adapters.sql.handling import MOST_OCTETS, Loaded, contended
from adapters.sql.personal_fields import SEALED, opened
from domain.audit.errors import EventTooLarge
from domain.shared.errors import Unavailable
from domain.shared.origin import Origin, current_origin
from workers.handler import Handler, Occurrence

WRITE_SECONDS = 8.0
"""What a handler's `write` may take: less than its transaction, so that it is the handler that is at fault."""


class HandlerFailed(Exception):
    """The handler raised; its `__cause__` is what."""

    @property
    def error(self) -> Exception:
        """What the handler raised."""
        return self.__cause__ if isinstance(self.__cause__, Exception) else self


@dataclass(slots=True)
class Plan:
    """What events mean to a handler: its changes, the versions that streams come to, and where it failed.

    A stream is planned up to its first failure.
    """

    changes: list[Any] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    """Of the changes."""
    versions: dict[str, int] = field(default_factory=dict)
    failed: dict[str, Exception] = field(default_factory=dict)
    events: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """Carries out what events mean to one handler."""

    handler: Handler
    master: MasterKeys

    async def plan(self, connection: AsyncConnection, events: Sequence[Loaded]) -> Plan:
        """Ask the handler what each event means. Nothing that it raises gets out: it stands in the plan."""
        plan = Plan()
        data = await self._data(connection, events)
        for loaded, fields in zip(events, data, strict=True):
            if loaded.event.stream_id not in plan.failed:
                self._add(plan, loaded, fields)
        return plan

    async def write(self, connection: AsyncConnection, plan: Plan) -> None:
        """Have the handler write its changes. Raises HandlerFailed, and Unavailable where it is not to blame."""
        await reach("consumer.before_effect")
        if not plan.changes:
            return
        # What many events lead to at once goes back to no single one.
        origin = plan.origins[0] if len(plan.origins) == 1 else Origin("", f"system:{self.handler.name}")
        try:
            with _caused_by(origin):
                async with asyncio.timeout(WRITE_SECONDS):
                    with contended():
                        await self.handler.write(connection, plan.changes)
        except Unavailable:
            raise
        except Exception as error:
            raise HandlerFailed from error

    async def commit(self, connection: AsyncConnection) -> None:
        """Commit, with the places of faults around it."""
        await reach("consumer.before_commit")
        await connection.commit()
        await reach("consumer.after_commit")

    def _add(self, plan: Plan, loaded: Loaded, data: Mapping[str, Any]) -> None:
        event = loaded.event
        try:
            _check_size(loaded)
            occurrence = Occurrence(event, data)
            origin = Origin(occurrence.correlation_id, f"system:{self.handler.name}", str(event.event_id))
            with _caused_by(origin):
                change = self.handler.change(occurrence)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is its failure at this event
            plan.failed[event.stream_id] = error
            return
        if change is not None:
            plan.changes.append(change)
            plan.origins.append(origin)
        plan.versions[event.stream_id] = event.version
        plan.events += 1

    async def _data(self, connection: AsyncConnection, events: Sequence[Loaded]) -> Sequence[Mapping[str, Any]]:
        stored = [loaded.event for loaded in events]
        if self.handler.wants_personal:
            return await opened(connection, self.master, stored)
        return [_without_personal(event.data) for event in stored]


def _check_size(loaded: Loaded) -> None:
    if loaded.octets > MOST_OCTETS:
        raise EventTooLarge(f"its data has {loaded.octets} bytes, and {MOST_OCTETS} are the most")


def _without_personal(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: None if _is_sealed(value) else value for name, value in data.items()}


def _is_sealed(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {SEALED}


@contextmanager
def _caused_by(origin: Origin) -> Iterator[None]:
    token = current_origin.set(origin)
    try:
        yield
    finally:
        current_origin.reset(token)
