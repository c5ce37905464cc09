"""F3, F4, F9 and R8: a Redis that is killed, emptied, replaced by an empty one, or by a replica that lags behind."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.faults.rig.engines import OwnEngine
from tests.faults.rig.pipeline import Pipeline, pipeline
from tests.faults.rig.plan import Scenario
from tests.faults.rig.processes import free_port
from tests.faults.rig.proxy import proxied
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from tests.faults.rig.writing import writers

_RATE = 200.0
_RESUME_SECONDS = 5.0
_REBUILD_SECONDS = 30.0
_TAIL_SECONDS = 0.5
"""How much the replica lacks when it is promoted."""

# Each transaction of a handler takes so long: there are always entries that are delivered and not handled.
_SLOW_HANDLERS = "consumer.before_effect=delay:0.2"


async def valkey_killed(stage: Stage, report: Report) -> None:
    """Kill -9 Valkey under load, start it from its append-only file, once with each way of writing that."""
    valkey = stage.engines.valkey
    async with pipeline(stage) as load, load.appending(_RATE):
        stage.background()
        await load.caught_up()
        for fsync in ("everysec", "always"):
            await valkey.stop()
            await valkey.start("--appendfsync", fsync)
            await load.more(300)
            await valkey.kill()
            report.faults += 1
            await load.more(stage.random.randint(100, 400))
            await valkey.start("--appendfsync", fsync)
            report.recovered(await load.flows_again(), _RESUME_SECONDS, f"resuming (appendfsync {fsync})")
    await _judge(report, load)


async def valkey_emptied(stage: Stage, report: Report) -> None:
    """Empty Valkey while entries wait for their handlers: by FLUSHALL, and by a restart without data."""
    valkey = stage.engines.valkey

    async def replaced_by_an_empty_one() -> None:
        await valkey.kill()
        await valkey.wipe()
        await valkey.start()

    async with pipeline(stage) as load, load.appending(_RATE):
        stage.background(failpoints=_SLOW_HANDLERS)
        await load.more(200)
        await load.caught_up()
        for empty in (stage.engines.flush_valkey, replaced_by_an_empty_one):
            await _empty(stage, report, load, empty)
    await _judge(report, load)


async def _empty(stage: Stage, report: Report, load: Pipeline, empty: Callable[[], Awaitable[None]]) -> None:
    await load.more(stage.random.randint(100, 300))
    await empty()
    report.faults += 1
    report.recovered(await load.flows_again(), _REBUILD_SECONDS, "handling everything")


async def flushed_under_load(stage: Stage, report: Report) -> None:
    """FLUSHALL again and again while learners write through the API and background work runs."""
    server = await stage.server()
    stage.background()
    async with pipeline(stage) as load, writers(server.http) as driver:
        async with load.appending(_RATE), driver.writing(per_second=20):
            for _ in range(stage.size.pick(smoke=1, card=3, soak=5)):
                await load.more(200)
                await stage.engines.flush_valkey()
                report.faults += 1
                report.recovered(await load.flows_again(), _REBUILD_SECONDS, "handling everything")
        refused = len(driver.ledger.attempts) - len(driver.ledger.acknowledged)
        report.require(refused == 0, f"{refused} writes through the API failed: {driver.ledger.summary()}")
    await _judge(report, load)


async def replica_promoted(stage: Stage, report: Report) -> None:
    """Promote a replica that lacks the last half second, and let everybody find it at the primary's address."""
    primary = stage.engines.valkey
    await primary.stop()
    port = free_port()
    await primary.start("--port", str(port), "--bind", "127.0.0.1")
    replica = await stage.another_valkey()
    address, url = await stage.proxy_of_valkey()
    async with proxied(("127.0.0.1", port)) as link, pipeline(stage) as load, load.appending(_RATE):
        await _replicate(replica, stage, link.port)
        stage.background(redis_url=url, failpoints=_SLOW_HANDLERS)
        await load.more(300)
        await load.caught_up()
        await link.swallow()
        await asyncio.sleep(_TAIL_SECONDS)  # paces: what the replica lacks is the fault
        await primary.kill()
        report.faults += 1
        async with stage.redis_at(replica) as client:
            await client.slaveof()
        address.lead_to(replica.socket)
        address.reset()
        report.recovered(await load.flows_again(), _REBUILD_SECONDS, "handling everything on the replica")
    await _judge(report, load)


async def _replicate(replica: OwnEngine, stage: Stage, port: int) -> None:
    async with stage.redis_at(replica) as client:
        await client.slaveof("127.0.0.1", port)

        async def is_linked() -> bool:
            return (await client.info("replication")).get("master_link_status") == "up"

        await until(is_linked, "the replica follows")


async def _judge(report: Report, load: Pipeline) -> None:
    """The bus lost entries on purpose: it is the effects that have to be whole."""
    await load.caught_up()
    await load.judge_effects(report)


SCENARIOS = (
    Scenario(
        id="F3",
        promise="Valkey is killed under load and comes back with its append-only file (written each second, and "
        f"always): nothing is lost, effects take place once, and {_RESUME_SECONDS:g} s after it is back all that "
        "waited is handled",
        run=valkey_killed,
        smoke=0,
    ),
    Scenario(
        id="F4",
        promise="Valkey loses everything (FLUSHALL, and a restart without data) while entries wait for their handlers: "
        f"all that was not handled is published again and handled within {_REBUILD_SECONDS:g} s; nothing is lost, "
        "effects take place once",
        run=valkey_emptied,
    ),
    Scenario(
        id="F9",
        promise=f"a replica that lacks the last {_TAIL_SECONDS:g} s is promoted: what it lacks is published again, "
        f"nothing is lost, and all is handled within {_REBUILD_SECONDS:g} s",
        run=replica_promoted,
        smoke=0,
    ),
    Scenario(
        id="R8",
        promise="FLUSHALL while learners write and background work runs: no write fails, no event is lost, all is "
        f"handled within {_REBUILD_SECONDS:g} s",
        run=flushed_under_load,
        smoke=0,
    ),
)
