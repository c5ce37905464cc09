"""F10: a service that takes a second an event, where 200 events a second come."""

import asyncio
import re
import statistics
import time
from typing import Any

import httpx
from sqlalchemy import text

from adapters.bus.entry_ids import parsed
from tests.faults.rig.pipeline import pipeline
from tests.faults.rig.plan import Scenario
from tests.faults.rig.processes import free_port
from tests.faults.rig.report import Report
from tests.faults.rig.slow_consumer import NAME, STREAM
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from tests.faults.rig.writing import Writers, writers

_RATE = 200.0
_KEEP_SECONDS = 60
"""The shortest time that the bus can be set to keep what everybody has: trimming begins after it."""
_LOAD_SECONDS = 130
"""Trimming comes once a minute: the second or the third time finds what is old enough."""
_API_SECONDS = 10
_GROWTH_LIMIT = 60
"""Megabytes by which a process may grow: none keeps what it has not handled."""
_UNACKNOWLEDGED = re.compile(
    rf'^fluentpro_bus_unacknowledged_seconds\{{stream="{re.escape(STREAM)}"\}} (\S+)$', re.MULTILINE
)

_POSITIONS = text("SELECT position FROM event_store WHERE stream_id LIKE 'conversation-%' AND position >= :first")


async def slow_beside_fast(stage: Stage, report: Report) -> None:
    """Have a slow group on the bus for longer than entries are kept; look what is trimmed, and what grows."""
    server = await stage.server()
    metrics = f"127.0.0.1:{free_port()}"
    background = stage.background(metrics_listen=metrics, feed_retention_seconds=_KEEP_SECONDS)
    slow = stage.run("-m", "tests.faults.rig.slow_consumer")
    await until(lambda: _is_there(stage), "the slow group is there")
    report.faults += 1
    async with pipeline(stage) as load, writers(server.http) as driver:
        async with load.appending(_RATE):
            await load.caught_up()
            beside = await _api_p50(driver)
            before = (background.megabytes, slow.megabytes)
            await asyncio.sleep(_LOAD_SECONDS)  # paces: trimming goes by age
            growths = [background.megabytes - before[0], slow.megabytes - before[1]]
            seconds = await _shown(metrics)
            report.require(slow.exit_code is None, "the slow service has ended")
            await slow.kill()
            alone = await _api_p50(driver)
        await load.caught_up()
        await _nothing_needed_is_trimmed(stage, report)
        report.require(seconds > _KEEP_SECONDS, f"the oldest that waits is shown to wait for {seconds:g} s")
        report.require(max(growths) < _GROWTH_LIMIT, f"the processes grew by {growths} MB")
        await load.judge_effects(report, is_outbox_kept=False)
    report.notes.append(
        f"run {report.runs}: writes through the API took {alone * 1000:.1f} ms (p50) without the slow service and "
        f"{beside * 1000:.1f} ms beside it; its oldest entry waited for {seconds:.0f} s by the metric; background work "
        f"grew by {growths[0]:.0f} MB, the slow process by {growths[1]:.0f} MB"
    )


async def _api_p50(driver: Writers) -> float:
    began = time.monotonic()
    async with driver.writing(per_second=20):
        await asyncio.sleep(_API_SECONDS)  # paces the measurement
    return statistics.median(attempt.seconds for attempt in driver.ledger.since(began))


async def _is_there(stage: Stage) -> bool:
    async with stage.redis() as client:
        if not await client.exists(STREAM):
            return False
        return any(group["name"] == NAME.encode() for group in await client.xinfo_groups(STREAM))


async def _nothing_needed_is_trimmed(stage: Stage, report: Report) -> None:
    """From the first entry on that the slow group needs, each event of the store must be on the bus."""
    async with stage.redis() as client:
        owed = await client.xpending(STREAM, NAME)
        [group] = [group for group in await client.xinfo_groups(STREAM) if group["name"] == NAME.encode()]
        entries: Any = await client.xrange(STREAM)
    first = parsed(owed["min"].decode()) if owed["min"] else (0, 0)
    needed = {int(fields[b"position"]) for id_, fields in entries if parsed(id_.decode()) >= first}
    async with stage.looking() as connection:
        stored = set((await connection.execute(_POSITIONS, {"first": min(needed)})).scalars())
        events = set((await connection.execute(_POSITIONS, {"first": 0})).scalars())
    report.lost += len(stored - needed)
    report.require(stored <= needed, f"{len(stored - needed)} entries are gone that the slow group needs")
    waiting = int(group["pending"]) + int(group["lag"] or 0)
    done = len(events) - waiting
    report.require(0 < done < len(events) / 2, f"the slow group is done with {done} of {len(events)} events")
    report.notes.append(f"run {report.runs}: it was done with {done} of {len(events)} events; {len(entries)} were kept")


async def _shown(metrics: str) -> float:
    async with httpx.AsyncClient(base_url=f"http://{metrics}") as client:
        found = _UNACKNOWLEDGED.search((await client.get("/metrics")).text)
    return float(found[1]) if found else 0.0


SCENARIOS = (
    Scenario(
        id="F10",
        promise=f"a service on the bus takes a second an event where {_RATE:g} a second come: nothing that it needs is "
        f"trimmed, no process grows by {_GROWTH_LIMIT} MB, a metric shows how long its oldest entry waits",
        run=slow_beside_fast,
        smoke=0,
    ),
)
