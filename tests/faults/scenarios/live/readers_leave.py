"""R14 and R17: readers that go away, and a server that goes away from its readers."""

import asyncio
import time
from collections.abc import Sequence

import httpx
from sqlalchemy import text

from tests.faults.rig.counted import tasks_of
from tests.faults.rig.plan import Scenario
from tests.faults.rig.processes import Process
from tests.faults.rig.provider import provider, spoken
from tests.faults.rig.replies import Reply, judge_replies
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.talking import Talker, has_ended, talkers
from tests.faults.rig.waiting import TooLong, until
from tests.faults.rig.writing import role_of

_GONE_SECONDS = 0.2
_AT_ONCE = 10
"""Calls that are dropped together: as many as the server has connections to the database."""
_SPARE = 3
"""Tasks that come and go by themselves, such as the answer to a probe."""
_GRACE = 5.0

# The server's own look whether there is a catalogue waits as well, and is nobody's call.
_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    " AND query NOT LIKE 'SELECT (EXISTS%'"
)


async def clients_drop(stage: Stage, report: Report) -> None:
    """Have readers of a reply go away, and callers whose call waits in the database; count what the server keeps."""
    rounds = stage.size.pick(smoke=3, card=34, soak=100)  # card and soak: a thousand of each in all runs
    async with provider(words=4000, pause=0.05) as partner:
        server = await stage.counted_server(**partner.settings)
        async with talkers(server.http, 1) as [talker]:
            reply = Reply(0, talker, talker.say(server.http, 0))
            await reply.listening.hears_words(2)
            before = await tasks_of(server)
            for _ in range(rounds):
                await _readers_leave(report, server, reply, before)
            heard = len(reply.heard)
            await until(lambda: len(reply.heard) > heard, "the reply goes on")
            for _ in range(rounds):
                await _callers_leave(stage, report, server, talker)
            await _settles(report, server, before, "calls that were dropped")
            await talker.cancel(server.http, reply.generation)
            await reply.listening.over()
            await judge_replies(stage, report, [reply], server.http)
            report.require(await server.stop() == 0, "the server did not stop well")


async def _readers_leave(report: Report, server: Process, reply: Reply, before: int) -> None:
    """Have ten more read the reply, and go away in the middle of it."""
    readers = [reply.talker.resume(server.http, reply.generation) for _ in range(_AT_ONCE)]
    for reader in readers:
        await reader.hears("delta")
    report.require(await tasks_of(server) >= before + _AT_ONCE, "a reader is no task")
    for reader in readers:
        await reader.leave()
    report.faults += _AT_ONCE
    await _settles(report, server, before, "readers")


async def _settles(report: Report, server: Process, before: int, who: str) -> None:
    """Have the server be rid of what belonged to those who have left."""
    began = time.monotonic()

    async def is_rid() -> bool:
        return await tasks_of(server) <= before + _SPARE

    try:
        await until(is_rid, "what belonged to them is gone", 10.0)
    except TooLong:
        left = await tasks_of(server) - before
        report.require(holds=False, otherwise=f"{left} tasks of {who} are left")
    report.recovered(time.monotonic() - began, _GONE_SECONDS, f"being rid of {who}")


async def _callers_leave(stage: Stage, report: Report, server: Process, talker: Talker) -> None:
    """Have ten calls wait for a lock in the database, and their callers go away."""
    async with stage.connections.transaction() as connection:
        await connection.execute(text("LOCK TABLE role IN ACCESS EXCLUSIVE MODE"))
        async with httpx.AsyncClient(timeout=30, headers=talker.headers) as client:
            url = f"{server.http}/api/v2/onboarding/roles"
            calls = [asyncio.create_task(client.post(url, json=role_of(number))) for number in range(_AT_ONCE)]
            await until(lambda: _waits(stage), "the calls wait in the database")
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        report.faults += _AT_ONCE
        began = time.monotonic()

        async def nobody_waits() -> bool:
            return not await _waits(stage)

        await until(nobody_waits, "what waited for them in the database is gone")
        report.recovered(time.monotonic() - began, _GONE_SECONDS, "cancelling the SQL of calls that were dropped")


async def _waits(stage: Stage) -> bool:
    async with stage.looking() as connection:
        return int((await connection.execute(_WAITING)).scalar_one()) > 0


async def server_stops(stage: Stage, report: Report) -> None:
    """SIGTERM a server in the middle of replies, some of which outlast the time it takes to stop; read on elsewhere."""
    count = stage.size.pick(smoke=4, card=40, soak=80)
    async with provider(words=60, pause=0.05) as partner:
        stage.background(**partner.settings)
        sound = await stage.another_server(**partner.settings)
        leaving = await stage.server(**partner.settings, shutdown_seconds=_GRACE)
        async with talkers(sound.http, count) as learners:
            partner.words_of = dict.fromkeys(range(0, count, 2), 800)
            replies = [Reply(number, each, each.say(leaving.http, number)) for number, each in enumerate(learners)]
            for reply in replies:
                await reply.listening.hears_words(stage.random.randint(1, 20))
            leaving.terminate()
            report.faults += 1
            await asyncio.gather(*(_read_on(reply, sound.http) for reply in replies))
            report.require(await leaving.ended() == 0, "the server did not stop well")
            await _judge_readers(report, replies, sound.http)
            for reply in replies[1::2]:
                report.require(reply.text == spoken(reply.number, 60), f"reply {reply.number} is not whole")
            await judge_replies(stage, report, replies, sound.http)


async def _read_on(reply: Reply, url: str) -> None:
    """Go on at another server from the last cursor, whenever a stream ends before the reply does."""
    while not has_ended(await reply.listening.over()):
        reply.goes_on(reply.talker.resume(url, reply.generation, reply.listening.cursor or reply.heard[-1].cursor))
        await asyncio.sleep(0.1)


async def _judge_readers(report: Report, replies: Sequence[Reply], url: str) -> None:
    """What was read in pieces is what an unbroken stream brings: no event twice, none missing."""
    for reply in replies:
        whole = await reply.talker.resume(url, reply.generation).over()
        events = [event.data for event in reply.heard]
        report.doubled += len(events) - len(set(events))
        report.lost += len({event.data for event in whole.heard} - set(events))
        report.require(events == [event.data for event in whole.heard], f"reply {reply.number} was read otherwise")


SCENARIOS = (
    Scenario(
        id="R14",
        promise=f"clients go away: {_GONE_SECONDS * 1000:g} ms later the server is rid of a reader and the SQL of a "
        "call that waits in the database; the reply goes on, and after a thousand of each no task is left",
        run=clients_drop,
        card=3,
        soak=10,
    ),
    Scenario(
        id="R17",
        promise="a server is asked to stop (SIGTERM) in the middle of replies: readers go on at another server by "
        f"their cursors and miss no event, nor see one twice; what ends within {_GRACE:g} s is whole, the rest is kept "
        "as it was broken off",
        run=server_stops,
        smoke=0,
    ),
)
