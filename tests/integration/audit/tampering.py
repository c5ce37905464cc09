"""Tampering at random with a record, and looking whether a verification finds it, and where it is."""

import random
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.engine import Connections
from adapters.sql.tables.events import checkpoint, event_store
from adapters.sql.verification import SqlSnapshot
from domain.audit.verification import Verification, VerifyEvents

from .forgeries import FORGERIES, Place, Scene
from .history import History


@dataclass(frozen=True, slots=True)
class Miss:
    """One that was not found, or not where it is."""

    kind: str
    place: Place
    result: Verification


@dataclass(slots=True)
class Report:
    """How often it was tampered with, and what was not found and located."""

    seed: int
    times: int
    misses: list[Miss] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)


async def tamper(connections: Connections, seed: int, times: int) -> Report:
    """Write a record into an empty, migrated database, and tamper with it: each time undone before the next.

    The connections' role must be a superuser: triggers and foreign keys are off, as for an intruder with all rights.
    """
    rng, report = random.Random(seed), Report(seed, times)
    history = History(connections, seed)
    await history.unfold()
    assert (await history.verify()).valid
    kinds: list[str] = []
    for _ in range(times):
        kinds = kinds or rng.sample(sorted(FORGERIES), len(FORGERIES))
        await _one(history, kinds.pop(), rng, report)
    assert (await history.verify()).valid
    return report


async def _one(history: History, kind: str, rng: random.Random, report: Report) -> None:
    async with history.connections.transaction() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        place = await FORGERIES[kind](await _scene(connection, rng))
        result = await verify_on(connection, history)
    found = result.first_bad and (result.first_bad.stream_id, result.first_bad.version)
    report.kinds.add(kind)
    if result.valid or found != place:
        report.misses.append(Miss(kind, place, result))


async def _scene(connection: AsyncConnection, rng: random.Random) -> Scene:
    events = await connection.execute(select(event_store).order_by(event_store.c.position))
    checkpoints = await connection.execute(select(checkpoint).order_by(checkpoint.c.number))
    return Scene(connection, rng, events.mappings().all(), checkpoints.mappings().all())


async def verify_on(connection: AsyncConnection, history: History) -> Verification:
    """Verify what one connection sees."""

    @asynccontextmanager
    async def snapshot():
        yield SqlSnapshot(connection)

    return await VerifyEvents(snapshot, history.public_keys)()
