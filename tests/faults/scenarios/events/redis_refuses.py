"""F13b and F18: a Redis that is there and does not work: a network that loses everything, no memory, no disk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from tests.faults.rig.pipeline import Pipeline, pipeline
from tests.faults.rig.plan import Scenario
from tests.faults.rig.processes import Process
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from tests.faults.rig.writing import writers

_RATE = 200.0
_RESUME_SECONDS = 10.0
_DETECT_SECONDS = 10.0
_DRAIN_SECONDS = 10.0
_GROWTH = 500
"""Events that pile up in the outbox before Redis gets room again."""
_ROOM = 64 * 1024
"""Bytes that Valkey gets beyond what it uses."""


async def redis_half_open(stage: Stage, report: Report) -> None:
    """Have the network between background work and Valkey lose everything, and mend it."""
    proxy, url = await stage.proxy_of_valkey()
    process = stage.background(redis_url=url)
    async with pipeline(stage) as load:
        async with load.appending(_RATE):
            await load.more(200)
            await load.caught_up()
            told = len(process.log)
            await proxy.swallow()
            report.faults += 1
            report.within(await _noticed(process, told), _DETECT_SECONDS, "noticing it")
            await asyncio.sleep(stage.size.pick(smoke=3.0, card=20.0, soak=20.0))  # paces: the outage is the fault
            await proxy.restore()
            report.recovered(await load.flows_again(), _RESUME_SECONDS, "resuming")
        await load.caught_up()
        await load.judge_effects(report)
        await load.judge_bus(report)
    report.require(await process.stop() == 0, "background work did not stop well")


async def _noticed(process: Process, told: int) -> float:
    """Return once the relay and a handler have said that they wait: the seconds."""

    def both() -> bool:
        new = process.log[told:]
        return "The relay has to wait" in new and "_record has to wait" in new

    return await until(both, "the relay and the handlers say that they wait", 60.0)


async def redis_full(stage: Stage, report: Report) -> None:
    """Give Valkey no memory for more, then no disk, while learners write and events come."""
    server = await stage.server()
    process = stage.background()
    async with pipeline(stage) as load, writers(server.http) as driver, stage.redis() as client:
        await load.caught_up()
        async with load.appending(_RATE), driver.writing(per_second=20):
            for fault in (_no_memory, _no_disk):
                async with fault(stage, client):
                    report.faults += 1
                    await _grows(load)
                report.recovered(await load.flows_again(), _DRAIN_SECONDS, f"draining after {fault.__name__}")
        refused = len(driver.ledger.attempts) - len(driver.ledger.acknowledged)
        report.require(refused == 0, f"{refused} writes through the API failed: {driver.ledger.summary()}")
        await load.caught_up()
        await load.judge_effects(report)
        await load.judge_bus(report)
    report.require("refus" in process.log or "has to wait" in process.log, "nobody said that Redis refuses")


async def _grows(load: Pipeline) -> None:
    async def is_grown() -> bool:
        return await load.unpublished() >= _GROWTH

    await until(is_grown, f"{_GROWTH} events wait in the outbox")


@asynccontextmanager
async def _no_memory(_stage: Stage, client: Redis) -> AsyncIterator[None]:
    used = (await client.info("memory"))["used_memory"]
    await client.config_set("maxmemory", used + _ROOM)
    try:
        yield
    finally:
        await client.config_set("maxmemory", 0)


@asynccontextmanager
async def _no_disk(stage: Stage, client: Redis) -> AsyncIterator[None]:
    """Have snapshots fail, as on a full disk: a folder stands where the file has to go."""
    obstacle = stage.engines.valkey.folder / "dump.rdb"
    obstacle.mkdir()
    await client.config_set("save", "3600 1")
    await client.bgsave()
    await until(lambda: _refuses(client), "Valkey refuses writes (MISCONF)")
    try:
        yield
    finally:
        obstacle.rmdir()
        await client.config_set("save", "")


async def _refuses(client: Redis) -> bool:
    try:
        await client.set("probe", "1")
    except ResponseError as refusal:
        return "MISCONF" in str(refusal)
    return False


SCENARIOS = (
    Scenario(
        id="F13b",
        promise="the network to Redis is half-open (connections stand, every byte is lost): the relay and the "
        f"consumers notice within {_DETECT_SECONDS:g} s, and {_RESUME_SECONDS:g} s after it is mended all is handled; "
        "nothing is lost",
        run=redis_half_open,
        smoke=0,
    ),
    Scenario(
        id="F18",
        promise="Redis has no memory (`noeviction`), and no disk (MISCONF): events wait in the outbox, every write "
        f"through the API works, and {_DRAIN_SECONDS:g} s after Redis has room again all is handled; nothing is lost",
        run=redis_full,
        smoke=0,
    ),
)
