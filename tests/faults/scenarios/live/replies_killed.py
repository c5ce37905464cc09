"""L1 and L2: a server that dies, or is stopped, in the middle of replies."""

import asyncio
import time
from collections.abc import Sequence

from tests.faults.rig.plan import Scenario
from tests.faults.rig.processes import Process
from tests.faults.rig.provider import Provider, provider, spoken
from tests.faults.rig.replies import Reply, judge_replies, log_of, rows_of
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.talking import Talker, talkers

_END_SECONDS = 20.0
"""A lease of 15 s, and 5 s between two sweeps."""
_WORDS = 400
"""So many that no reply ends by itself in the meantime: 40 s."""


async def server_killed(stage: Stage, report: Report) -> None:
    """Kill -9 a server in the middle of replies, before and after their first word; read on at another one."""
    count = stage.size.pick(smoke=4, card=20, soak=40)
    async with provider(words=_WORDS, pause=0.1) as partner:
        stage.background(**partner.settings)
        sound = await stage.another_server(**partner.settings)
        doomed = await stage.server(**partner.settings)
        async with talkers(sound.http, count) as learners:
            replies = await _begun(stage, partner, doomed, learners)
            await doomed.kill()
            report.faults += 1
            began = time.monotonic()
            partner.words, partner.pause = 20, 0.01
            partner.release()
            for reply in replies:
                await reply.listening.over()
                reply.goes_on(reply.talker.resume(sound.http, reply.generation, reply.listening.cursor))
            for reply in replies:
                await reply.listening.over()
            report.recovered(time.monotonic() - began, _END_SECONDS, "ending every reply elsewhere")
            _judge_ends(report, replies)
            await judge_replies(stage, report, replies, sound.http)


async def _begun(stage: Stage, partner: Provider, server: Process, learners: Sequence[Talker]) -> list[Reply]:
    """Have each learner say something; half of them hear nothing yet, the others a few words."""
    partner.held = set(range(0, len(learners), 2))
    replies = [Reply(number, talker, talker.say(server.http, number)) for number, talker in enumerate(learners)]
    for reply in replies:
        await reply.listening.hears("started")
        if reply.number not in partner.held:
            await reply.listening.hears_words(stage.random.randint(1, 30))
    return replies


def _judge_ends(report: Report, replies: Sequence[Reply]) -> None:
    """What had begun is kept as it was and broken off; what had not is said by another attempt."""
    for reply in replies:
        if reply.number % 2 == 0:
            report.require(reply.listening.last == "completed", f"reply {reply.number} ended as {reply.listening.last}")
            report.require(reply.text == spoken(reply.number, 20), f"reply {reply.number} says {reply.text[:50]!r}")
        else:
            report.require(reply.listening.last == "failed", f"reply {reply.number} ended as {reply.listening.last}")
            report.require(reply.is_kept, f"reply {reply.number} lost words that had been read")


async def producer_stopped(stage: Stage, report: Report) -> None:
    """SIGSTOP a server in the middle of replies until another process has ended them; wake it up."""
    count = stage.size.pick(smoke=4, card=10, soak=20)
    async with provider(words=_WORDS, pause=0.1) as partner:
        stage.background(**partner.settings)
        sound = await stage.another_server(**partner.settings)
        zombie = await stage.server(**partner.settings)
        async with talkers(sound.http, count) as learners:
            replies = await _begun(stage, partner, zombie, learners)
            zombie.pause()
            report.faults += 1
            began = time.monotonic()
            partner.words, partner.pause = 20, 0.01
            partner.release()
            for reply in replies:
                await reply.listening.leave()
                reply.goes_on(reply.talker.resume(sound.http, reply.generation, reply.listening.cursor))
            for reply in replies:
                await reply.listening.over()
            report.recovered(time.monotonic() - began, _END_SECONDS, "ending every reply elsewhere")
            before = await _written(stage, replies)
            zombie.resume()
            later = [talker.say(zombie.http, number) for number, talker in enumerate(learners, 1000)]
            for listening in later:
                await listening.over()
                report.require(listening.last == "completed", f"after it woke up: {listening.last} {listening.fault}")
            report.require(await zombie.stop() == 0, "the zombie did not stop well")
            report.require(await _written(stage, replies) == before, "the zombie wrote something")
            _judge_ends(report, replies)
            await judge_replies(stage, report, replies, sound.http)


async def _written(stage: Stage, replies: Sequence[Reply]) -> list[object]:
    """Return all that is stored of the replies: logs and rows."""
    return [
        *await asyncio.gather(*(log_of(stage, reply.generation) for reply in replies)),
        *await asyncio.gather(*(rows_of(stage, reply.generation) for reply in replies)),
    ]


SCENARIOS = (
    Scenario(
        id="L1",
        promise="a server is killed (`kill -9`) in the middle of replies: readers go on at another server, and "
        f"{_END_SECONDS:g} s later every reply has ended there. What nobody had heard a word of is said by another "
        "attempt; what had begun is kept as it was read, and broken off. Never two replies to one message",
        run=server_killed,
    ),
    Scenario(
        id="L2",
        promise="a server is stopped (SIGSTOP) in the middle of replies for longer than its leases: readers go on at "
        f"another server, where every reply has ended {_END_SECONDS:g} s later. When it wakes up it writes nothing "
        "more, neither to a table nor to a log",
        run=producer_stopped,
        smoke=0,
    ),
)
