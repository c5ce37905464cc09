"""F12 and F13: a Postgres that is down, and one that does not say so."""

import asyncio
import re
import time
from collections import Counter

import httpx

from tests.faults.rig.checking import role_facts, torn
from tests.faults.rig.ledger import Answer, Attempt
from tests.faults.rig.plan import Scenario
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from tests.faults.rig.writing import Writers, writers

_DEADLINE = 5.0
"""Of a call, in seconds, as these scenarios set it."""
_ANSWER_SECONDS = 0.1
"""What a call may take beyond its deadline."""
_NOTICED_SECONDS = 10.0
"""What a client may wait for the answer that the database is away."""
_RECOVERY_SECONDS = 5.0
_UNAVAILABLE, _TOO_LATE = 503, 504
_RATE = 20.0
_SERVED_MS = re.compile(r'"ms":([0-9.]+)')
"""How long a call took, in the server's access log."""


async def postgres_down(stage: Stage, report: Report) -> None:
    """Kill Postgres under load, keep it down for a while, and start it again."""
    server = await stage.server(max_deadline_seconds=_DEADLINE)
    async with writers(server.http) as driver, driver.writing(_RATE):
        await _until_it_writes(driver)
        began = time.monotonic()
        await stage.engines.postgres.kill()
        report.faults += 1
        await _stay(stage.size.pick(smoke=3.0, card=30.0, soak=30.0))
        report.require(await _is_alive(server.http), "the server does not say that it is alive")
        await stage.engines.postgres.start()
        back = time.monotonic()
        await _until_it_writes(driver)
        await _until_no_refusal(driver, time.monotonic())
        report.recovered(time.monotonic() - back, _RECOVERY_SECONDS, "taking every write again")
    _judge_answers(report, driver.ledger.since(began), server.log)
    await _judge(stage, report, driver)


async def postgres_half_open(stage: Stage, report: Report) -> None:
    """Have the network between the server and Postgres lose everything, and mend it."""
    proxy, url = await stage.proxy_of_postgres()
    server = await stage.server(max_deadline_seconds=_DEADLINE, database_url=url)
    async with writers(server.http) as driver, driver.writing(_RATE):
        await _until_it_writes(driver)
        began = time.monotonic()
        await proxy.swallow()
        report.faults += 1
        await until(lambda: _refused(driver, began), "a call ends while nothing comes back", _DEADLINE * 4)
        report.within(time.monotonic() - began - _DEADLINE, _ANSWER_SECONDS, "the first answer, beyond the deadline,")
        await _stay(stage.size.pick(smoke=3.0, card=30.0, soak=30.0))
        report.require(await _is_alive(server.http), "the server does not say that it is alive")
        await proxy.restore()
        back = time.monotonic()
        await _until_it_writes(driver)
        await _until_no_refusal(driver, time.monotonic())
        report.recovered(time.monotonic() - back, _RECOVERY_SECONDS, "taking every write again")
    _judge_answers(report, driver.ledger.since(began), server.log)
    await _judge(stage, report, driver)


async def _until_it_writes(driver: Writers) -> None:
    enough = len(driver.ledger.acknowledged) + 20
    await until(lambda: len(driver.ledger.acknowledged) >= enough, "writes are acknowledged", 60.0)


async def _until_no_refusal(driver: Writers, since: float) -> None:
    """Return once a second's worth of writes after `since`, one after the other, were acknowledged."""

    def well() -> bool:
        last = [attempt.answer for attempt in driver.ledger.since(since)][-int(_RATE) :]
        return len(last) == int(_RATE) and set(last) == {Answer.ACKNOWLEDGED}

    await until(well, "no write is refused any more", 60.0)


def _refused(driver: Writers, since: float) -> bool:
    return any(attempt.answer is Answer.REFUSED for attempt in driver.ledger.since(since))


async def _stay(seconds: float) -> None:
    await asyncio.sleep(seconds)  # paces an outage: its length is the fault


async def _is_alive(url: str) -> bool:
    async with httpx.AsyncClient(base_url=url, timeout=2.0) as client:
        return (await client.get("/livez")).status_code == 200


def _judge_answers(report: Report, attempts: list[Attempt], log: str) -> None:
    """Every call ended by its deadline, and those that failed said UNAVAILABLE, or that it was too late.

    The server's own clock decides that: what a client waits beyond is its machine's too, which a fault keeps busy.
    """
    answers = Counter((attempt.answer, attempt.status) for attempt in attempts)
    allowed = {(Answer.REFUSED, _UNAVAILABLE), (Answer.REFUSED, _TOO_LATE)}
    for (answer, status), count in answers.items():
        expected = answer is Answer.ACKNOWLEDGED or (answer, status) in allowed
        report.require(expected, f"{count} calls ended {answer.value} with status {status}")
    longest = max(attempt.seconds for attempt in attempts)
    served = max(float(found) for found in _SERVED_MS.findall(log)) / 1000
    report.within(served - _DEADLINE, _ANSWER_SECONDS, "the longest call, beyond its deadline,")
    report.within(longest, _NOTICED_SECONDS, "the longest call, as its client has it,")
    refused = {status: count for (answer, status), count in answers.items() if answer is Answer.REFUSED}
    took = f"the longest call took {served:.2f} s, its client {longest:.2f} s"
    report.notes.append(f"run {report.runs}: {took}; answers by status {refused}")


async def _judge(stage: Stage, report: Report, driver: Writers) -> None:
    async with stage.looking() as connection:
        facts = await role_facts(connection)
        misfits = await torn(connection)
    report.judge(driver.ledger, driver.ledger.compare(facts.numbers), partial=facts.partial + len(misfits))


SCENARIOS = (
    Scenario(
        id="F12",
        promise=f"Postgres is down: calls end by their deadline ({_DEADLINE:g} s) with UNAVAILABLE or "
        f"DEADLINE_EXCEEDED, nothing acknowledged is lost, and {_RECOVERY_SECONDS:g} s after it is back every write "
        "works",
        run=postgres_down,
    ),
    Scenario(
        id="F13",
        promise="the network to Postgres is half-open (connections stand, every byte is lost): calls end by their "
        f"deadline, and {_RECOVERY_SECONDS:g} s after it is mended every write works",
        run=postgres_half_open,
    ),
)
