"""L3: a Redis that loses the logs of replies under way."""

import time
from collections.abc import Awaitable, Callable, Sequence

from tests.faults.rig.plan import Scenario
from tests.faults.rig.provider import provider, spoken
from tests.faults.rig.replies import Reply, judge_replies
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.talking import Talker, said, talkers

_GO_ON_SECONDS = 5.0
_WORDS = 60


async def log_lost(stage: Stage, report: Report) -> None:
    """Kill Valkey and start it with its data, and without; empty it; each in the middle of replies read twice."""
    valkey = stage.engines.valkey

    async def killed() -> None:
        await valkey.kill()
        await valkey.start()

    async def replaced_by_an_empty_one() -> None:
        await valkey.kill()
        await valkey.wipe()
        await valkey.start()

    async with provider(words=_WORDS, pause=0.05) as partner:
        servers = await stage.two_servers(**partner.settings)
        async with talkers(servers[0], stage.size.pick(smoke=4, card=20, soak=40)) as learners:
            for fault in (killed, replaced_by_an_empty_one, stage.engines.flush_valkey):
                stage.say(f"  {fault.__name__}")
                await _lose(stage, report, fault, learners, servers)


async def _lose(
    stage: Stage,
    report: Report,
    fault: Callable[[], Awaitable[None]],
    learners: Sequence[Talker],
    servers: tuple[str, str],
) -> None:
    """Have each learner say something and read the reply on two devices, one at each server."""
    first = 1000 * report.faults
    here, there = servers
    replies = [Reply(number, talker, talker.say(here, number)) for number, talker in enumerate(learners, first)]
    for reply in replies:
        await reply.listening.hears("started")
    others = [Reply(each.number, each.talker, each.talker.resume(there, each.generation)) for each in replies]
    for reply in (*replies, *others):
        await reply.listening.hears_words(stage.random.randint(3, 25))
    await fault()
    report.faults += 1
    began = time.monotonic()
    for reply in (*replies, *others):
        await reply.listening.hears_words(len(said(reply.heard).split()) + 1)
    report.recovered(time.monotonic() - began, _GO_ON_SECONDS, "speaking on")
    for reply in (*replies, *others):
        await reply.listening.over()
        whole = spoken(reply.number, _WORDS)
        report.require(reply.listening.last == "completed", f"a reply ended as {reply.listening.last}")
        report.require(reply.text == whole, f"a reader has {reply.text[-40:]!r} of {whole[-40:]!r}")
    await judge_replies(stage, report, replies, here)


SCENARIOS = (
    Scenario(
        id="L3",
        promise="Redis is killed in the middle of replies and comes back with its data, and without, and is emptied: "
        f"{_GO_ON_SECONDS:g} s later every reply goes on, at the server that makes it and at another one, ends whole, "
        "and is stored as its readers have it",
        run=log_lost,
    ),
)
