"""R6 and R7: a server whose Redis dies under load, and one whose Redis is gone for long."""

import asyncio
import time
from collections.abc import Sequence
from uuid import uuid4

import httpx
from sqlalchemy import text

from tests.faults.rig.pipeline import pipeline
from tests.faults.rig.plan import Scenario
from tests.faults.rig.provider import provider, spoken
from tests.faults.rig.replies import Reply, judge_replies
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.talking import Listening, Talker, talkers
from tests.faults.rig.writing import Writers, writers

_UNHANDLED = text(
    "SELECT count(*) FROM event_store LEFT JOIN audit_search USING (position) WHERE audit_search.position IS NULL"
)
_RESUME_SECONDS = 5.0
_REBUILD_SECONDS = 30.0
"""When everything that Redis had is published again."""
_SUCCESS = 0.999
_DEADLINE = 30.0
_WORDS = 20
_RATE = 50.0


class Talk:
    """Learners who say one thing after the other, at one server, until `stop`. A reply that does not come is told."""

    def __init__(self, learners: Sequence[Talker], url: str) -> None:
        self._learners = learners
        self._url = url
        self._stopped = False
        self._tasks: list[asyncio.Task[None]] = []
        self.replies: list[Reply] = []

    def start(self) -> None:
        """Begin."""
        self._tasks = [asyncio.create_task(self._talk(each, talker)) for each, talker in enumerate(self._learners)]

    async def stop(self) -> list[Reply]:
        """Return all replies, the last ones of which are waited for."""
        self._stopped = True
        await asyncio.gather(*self._tasks)
        return self.replies

    async def _talk(self, which: int, talker: Talker) -> None:
        number = 10_000 * (which + 1)
        while not self._stopped:
            number += 1
            listening = await talker.say(self._url, number).over()
            self.replies.append(Reply(number, talker, listening))
            await asyncio.sleep(0.2)


async def killed_under_load(stage: Stage, report: Report) -> None:
    """Kill -9 Valkey while learners write and talk and events flow, and start it again from its file."""
    valkey = stage.engines.valkey
    async with provider(_WORDS, pause=0.05) as partner, pipeline(stage) as load:
        server = await stage.server(**partner.settings)
        stage.background(**partner.settings)
        async with talkers(server.http, 4) as learners, writers(server.http) as driver:
            talk = Talk(learners, server.http)
            async with load.appending(_RATE), driver.writing(_RATE):
                talk.start()
                await load.caught_up()
                await load.more(100)
                await valkey.kill()
                report.faults += 1
                await asyncio.sleep(stage.random.uniform(0.1, 2.0))  # paces: the outage is the fault
                await valkey.start()
                report.recovered(await load.flows_again(), _RESUME_SECONDS, "the bus flows again, which")
                await load.more(100)
            replies = await talk.stop()
            _judge_writes(report, driver)
            _judge_replies(report, replies)
            await load.caught_up()
            await _judge_handled(stage, report)
            await judge_replies(stage, report, [reply for reply in replies if reply.heard], server.http)


async def _judge_handled(stage: Stage, report: Report) -> None:
    """Every event has its row in the audit trail: it came by the bus, and was handled."""
    async with stage.looking() as connection:
        missing = int((await connection.execute(_UNHANDLED)).scalar_one())
    report.lost += missing
    report.require(missing == 0, f"{missing} events were never handled")


def _judge_writes(report: Report, driver: Writers) -> None:
    attempts = len(driver.ledger.attempts)
    share = len(driver.ledger.acknowledged) / attempts
    report.require(share >= _SUCCESS, f"{share:.2%} of {attempts} writes succeeded: {driver.ledger.summary()}")
    longest = max(attempt.seconds for attempt in driver.ledger.attempts)
    report.require(longest <= _DEADLINE, f"a write took {longest:.1f} s")


def _judge_replies(report: Report, replies: Sequence[Reply]) -> None:
    """Each was whole, also where nobody could write to its log."""
    for reply in replies:
        listening = reply.listening
        report.require(listening.last == "completed", f"reply {reply.number}: {listening.last} {listening.fault}")
        report.require(reply.text == spoken(reply.number, _WORDS), f"reply {reply.number} says {reply.text[-40:]!r}")


async def gone_for_long(stage: Stage, report: Report) -> None:
    """Have no Valkey for 90 s, and do all that learners do without it; then start it again, empty."""
    valkey, seconds = stage.engines.valkey, stage.size.pick(smoke=20.0, card=90.0, soak=600.0)
    async with provider(_WORDS, pause=0.05) as partner, pipeline(stage) as load:
        server = await stage.server(**partner.settings)
        stage.background(**partner.settings)
        async with talkers(server.http, 4) as learners, writers(server.http) as driver:
            await valkey.kill()
            await valkey.wipe()
            report.faults += 1
            began = time.monotonic()
            talk = Talk(learners, server.http)
            async with load.appending(_RATE), driver.writing(per_second=10):
                talk.start()
                while time.monotonic() - began < seconds:
                    await asyncio.sleep(2)  # what the server tells of its health is up to a second old
                    await _live(report, server.http)
                away = list(talk.replies)
                await valkey.start()
                report.recovered(await load.flows_again(), _REBUILD_SECONDS, "the bus flows again, which")
                await load.more(100)
            replies = await talk.stop()
            refused = len(driver.ledger.attempts) - len(driver.ledger.acknowledged)
            report.require(refused == 0, f"{refused} writes failed: {driver.ledger.summary()}")
            _judge_writes(report, driver)
            _judge_replies(report, replies)
            degraded = sum(_is_degraded(reply.listening) for reply in away)
            report.require(degraded >= len(away) - len(learners), f"{degraded} of {len(away)} replies were degraded")
            report.require(not _is_degraded(replies[-1].listening), "replies are degraded afterwards too")
            report.notes.append(f"run {report.runs}: {len(away)} replies without Redis, {len(replies)} in all")
            await load.caught_up()
            await _judge_handled(stage, report)
            await judge_replies(stage, report, [reply for reply in replies if reply.heard], server.http)


def _is_degraded(listening: Listening) -> bool:
    started = [event for event in listening.heard if event.kind == "started"]
    return bool(started) and bool(started[-1].value.get("degraded"))


async def _live(report: Report, url: str) -> None:
    """Sign up, log in, look at oneself, and ask whether the server is ready: each within its deadline."""
    who = {"email": f"{uuid4().hex}@example.com", "password": "harbour view at dawn"}
    async with httpx.AsyncClient(base_url=url, timeout=_DEADLINE + 5) as client:
        began = time.monotonic()
        signed_up = await client.post(
            "/api/v2/auth/signup", json={**who, "accept_terms": True, "full_name": "Mei Chan"}
        )
        logged_in = await client.post("/api/v2/auth/login", json=who)
        token = logged_in.json().get("data", {}).get("tokens", {}).get("access_token", "")
        me = await client.get("/api/v2/users/me", headers={"authorization": f"Bearer {token}"})
        ready, health = await client.get("/readyz"), await client.get("/healthz")
        report.within((time.monotonic() - began) / 5, _DEADLINE, "a call without Redis")
    statuses = [answer.status_code for answer in (signed_up, logged_in, me, ready)]
    report.require(statuses == [201, 200, 200, 200], f"signing up, logging in, looking, ready: {statuses}")
    checks = health.json()["checks"]
    report.require(checks["log"] != "passing", f"it does not tell that Redis is away: {checks}")


SCENARIOS = (
    Scenario(
        id="R6",
        promise=f"Redis is killed (`kill -9`) under load: at least {_SUCCESS:.1%} of all writes by the API succeed, "
        f"every reply ends whole, and {_RESUME_SECONDS:g} s after it is back the bus flows; nothing is lost",
        run=killed_under_load,
        smoke=0,
        card=5,
        soak=10,
    ),
    Scenario(
        id="R7",
        promise="Redis is gone for 90 s, with all its data: signing up, logging in and writing work, conversations go "
        "on and say `degraded`, no call outlasts its deadline, the server is ready and tells that Redis is away; "
        f"nothing is lost, and {_REBUILD_SECONDS:g} s after it is back the bus flows",
        run=gone_for_long,
        smoke=0,
    ),
)
