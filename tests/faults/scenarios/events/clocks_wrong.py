"""F8: processes whose clocks are an hour wrong, and a Redis whose clock goes back."""

import re
import time

import httpx

from tests.faults.rig.pipeline import Pipeline, pipeline
from tests.faults.rig.plan import Scenario
from tests.faults.rig.processes import Process, free_port
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from tests.faults.rig.writing import writers
from workers.relay import STREAMS

_HOUR = 3600
_LEEWAY = 60
"""Seconds by which clocks may differ where tokens are judged."""
_RATE = 100.0
_GAUGE = re.compile(r"^(fluentpro_[a-z_]*_seconds)\{?([^}\s]*)\}? (\S+)$", re.MULTILINE)


async def clocks_wrong(stage: Stage, report: Report) -> None:
    """Have servers and background work at three times at once, and set Redis' clock back."""
    late = await _server(stage, -_HOUR)
    metrics = f"127.0.0.1:{free_port()}"
    async with writers(late.http) as driver, pipeline(stage) as load:
        early = _skewed(stage, _HOUR, "background", metrics_listen=metrics)
        await early.says("leads upkeep")
        async with load.appending(_RATE), driver.writing(per_second=20):
            await load.more(200)
            await load.caught_up()
            report.faults += 2
            await _redis_clock_goes_back(stage)
            report.faults += 1
            report.recoveries.append(await load.flows_again())
            await _no_negative_lag(report, load, metrics)
            other = _skewed(stage, -_HOUR, "background")
            await other.says("background runs")
            await early.kill()  # with it the hour ahead ends, and an hour behind begins
            report.faults += 1
            await load.more(200)
        refused = len(driver.ledger.attempts) - len(driver.ledger.acknowledged)
        report.require(refused == 0, f"{refused} writes through the API failed: {driver.ledger.summary()}")
        await load.caught_up()
        await load.judge_effects(report)
        await load.judge_bus(report)
    await late.stop()
    await _tokens(stage, report)


async def _redis_clock_goes_back(stage: Stage) -> None:
    """Put the streams' last ids an hour ahead: to Redis that is the same as a clock that went back by an hour."""
    ahead = int((time.time() + _HOUR) * 1000)
    async with stage.redis() as client:
        for stream in STREAMS:
            if await client.exists(stream):
                await client.execute_command("XSETID", stream, f"{ahead}-0")  # type: ignore[no-untyped-call] # as redis-py has it


async def _no_negative_lag(report: Report, load: Pipeline, metrics: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://{metrics}") as client:

        async def pages() -> list[tuple[str, str, str]]:
            await load.more(10)
            return _GAUGE.findall((await client.get("/metrics")).text)

        await until(pages, "lags are shown")
        lags = [(name, labels, float(value)) for name, labels, value in await pages()]
    for name, labels, value in lags:
        report.require(value >= 0, f"{name}{{{labels}}} is {value}")
    report.require(any(name.startswith("fluentpro_handler") for name, _, _ in lags), "no handler's lag is shown")


async def _tokens(stage: Stage, report: Report) -> None:
    """Ask servers whose clocks differ with a token of a server whose clock is right."""
    right = await stage.server()
    async with writers(right.http, count=1) as driver:
        for ahead in (-_HOUR, 30 - _LEEWAY, _LEEWAY - 30, _HOUR):
            other = await _server(stage, ahead)
            status = (await driver.write(other.http)).status
            expected = 401 if abs(ahead) == _HOUR else 201
            report.require(status == expected, f"a server {ahead} s ahead answers {status}, not {expected}")
            report.faults += 1
            await other.stop()


async def _server(stage: Stage, ahead: int) -> Process:
    listen = {"grpc_listen": f"127.0.0.1:{free_port()}", "http_listen": f"127.0.0.1:{free_port()}"}
    server = _skewed(stage, ahead, "server", **listen)
    await server.says(r"HTTP on ")
    return server


def _skewed(stage: Stage, ahead: int, command: str, **settings: object) -> Process:
    return stage.run("-m", "tests.faults.rig.other_clock", str(ahead), command, **settings)


SCENARIOS = (
    Scenario(
        id="F8",
        promise="the clock of a server or of background work is an hour ahead or behind, and Redis' clock goes back by "
        "an hour: each aggregate's order stays, no lag is negative, nothing is lost; tokens are judged with "
        f"{_LEEWAY} s of leeway",
        run=clocks_wrong,
        smoke=0,
    ),
)
