"""R28 and L8: whoever holds a lock is killed, stopped and cut off."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from tests.faults.rig.lock_holder import TTL
from tests.faults.rig.plan import Scenario
from tests.faults.rig.processes import Process
from tests.faults.rig.provider import provider
from tests.faults.rig.replies import Reply, judge_replies
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.talking import talkers
from tests.faults.rig.waiting import until

_TAKEOVER_SECONDS = 5.0
"""The lock of a holder that is gone ends after its time, and who waits for it looks twice a second."""
_SWEEP_SECONDS = 25.0
"""A lease of 15 s, a sweep each 5 s, and 4 s until a sweeper that is stopped is replaced."""
_WROTE = re.compile(r"^wrote ([0-9]+)$", re.MULTILINE)
_ROW = text("SELECT version FROM conversation WHERE id = :id")
_OWNER = text("SELECT user_id FROM conversation WHERE id = :id")


async def holder_lost(stage: Stage, report: Report) -> None:
    """Have three processes change one conversation; kill one, stop another, cut the third off from Redis."""
    server = await stage.server()
    async with talkers(server.http, 1) as [talker]:
        async with stage.looking() as connection:
            owner: UUID = (await connection.execute(_OWNER, {"id": talker.conversation})).scalar_one()
        words = ("-m", "tests.faults.rig.lock_holder", talker.conversation, str(owner))
        network, behind = await stage.proxy_of_valkey()
        doomed, zombie, cut = holders = [stage.run(*words), stage.run(*words), stage.run(*words, redis_url=behind)]
        for holder in holders:
            await holder.says("wrote", 60.0)

        await _at_work(doomed)
        await doomed.kill()
        report.faults += 1
        report.recovered(await _others_write(zombie, cut), _TAKEOVER_SECONDS, "writing after a kill")

        await _at_work(zombie)
        zombie.pause()
        report.faults += 1
        report.recovered(await _others_write(cut), _TAKEOVER_SECONDS, "writing after a stop")
        await asyncio.sleep(TTL)  # paces: it is to sleep for longer than its lock
        refused = zombie.log.count("refused")
        zombie.resume()
        await until(lambda: zombie.log.count("refused") > refused, "the write of whoever was stopped is refused")

        await _at_work(cut)
        await network.swallow()
        report.faults += 1
        report.recovered(await _others_write(zombie), _TAKEOVER_SECONDS, "writing beside whoever is cut off")
        await network.restore()
        await _others_write(zombie, cut)
        for holder in (zombie, cut):
            await holder.kill()
        await _judge_versions(stage, report, talker.conversation, holders)


async def _at_work(holder: Process) -> None:
    """Return while it holds the lock and works."""
    read = len(re.findall("^read", holder.log, re.MULTILINE))
    await until(lambda: len(re.findall("^read", holder.log, re.MULTILINE)) > read, "it has the lock")


async def _others_write(*others: Process) -> float:
    """Return once one of these has written twice more: the seconds."""

    def written() -> int:
        return sum(len(_WROTE.findall(other.log)) for other in others)

    enough = written() + 2
    return await until(lambda: written() >= enough, "another one writes", 60.0)


async def _judge_versions(stage: Stage, report: Report, conversation: str, holders: Sequence[Process]) -> None:
    """No two wrote the same version, and each version was written by somebody; the killed one may not have told."""
    async with stage.looking() as connection:
        version = int((await connection.execute(_ROW, {"id": conversation})).scalar_one())
    told = Counter(int(number) for holder in holders for number in _WROTE.findall(holder.log))
    twice = [number for number, times in told.items() if times > 1]
    untold = set(range(2, version + 1)) - told.keys()
    report.facts += len(told)
    report.doubled += len(twice)
    report.lost += len(twice) + len([number for number in told if number > version])
    report.require(not twice, f"{len(twice)} versions were written by two: an update is lost")
    report.require(max(told) <= version, "an update that was acknowledged is lost")
    report.require(len(untold) <= len(holders), f"{len(untold)} versions were written by nobody")


async def sweeper_stopped(stage: Stage, report: Report) -> None:
    """Stop one of two processes that sweep, kill a server under its replies; then the same with the other process."""
    async with provider(words=400, pause=0.1) as partner:
        sweepers = [stage.background(**partner.settings), stage.background(**partner.settings)]
        sound = await stage.another_server(**partner.settings)
        async with talkers(sound.http, stage.size.pick(smoke=2, card=6, soak=20)) as learners:
            for turn, sweeper in enumerate(sweepers):
                await sweeper.says("background runs")
                doomed = await stage.server(**partner.settings)
                numbers = range(1000 * turn, 1000 * turn + len(learners))
                told = zip(numbers, learners, strict=True)
                replies = [Reply(number, each, each.say(doomed.http, number)) for number, each in told]
                for reply in replies:
                    await reply.listening.hears_words(3)
                sweeper.pause()
                await doomed.kill()
                report.faults += 2
                began = time.monotonic()
                for reply in replies:
                    await reply.listening.over()
                    reply.goes_on(reply.talker.resume(sound.http, reply.generation, reply.listening.cursor))
                for reply in replies:
                    await reply.listening.over()
                report.recovered(time.monotonic() - began, _SWEEP_SECONDS, "ending every reply")
                sweeper.resume()
                await judge_replies(stage, report, replies, sound.http)
            for sweeper in sweepers:
                report.require(await sweeper.stop() == 0, "background work did not stop well")


SCENARIOS = (
    Scenario(
        id="L8",
        promise="one of two processes that sweep is stopped (SIGSTOP), be it the one that holds the lock or the other, "
        f"and a server is killed: {_SWEEP_SECONDS:g} s later every reply has ended, each once",
        run=sweeper_stopped,
        smoke=0,
    ),
    Scenario(
        id="R28",
        promise="whoever holds the lock on a conversation is killed, stopped for longer than the lock lives, and cut "
        f"off from Redis: {_TAKEOVER_SECONDS:g} s later others write; what it writes on an old version is refused (0 "
        "rows), and no update is lost",
        run=holder_lost,
        smoke=0,
    ),
)
