"""L4 to L7: one reply, asked for again, read by several, read from anywhere, stopped, and read when its log is gone."""

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

from adapters.live.keys import log_key
from tests.faults.rig.plan import Scenario
from tests.faults.rig.provider import provider, spoken
from tests.faults.rig.replies import Reply, judge_replies
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.talking import Heard, Listening, talkers
from tests.faults.rig.waiting import until

_AT_ONCE = 10
_CANCEL_SECONDS = 0.2
_WORDS = 40


async def read_from_anywhere(stage: Stage, report: Report) -> None:
    """Read replies on several devices, at two servers, from every cursor that was sent, under way and afterwards.

    Each commit takes its time to be known, so that there are readings between the stored end of a reply and its log's.
    """
    async with provider(_WORDS, pause=0.05) as partner:
        late = {"failpoints": "uow.after_commit=delay:0.4", "streams_per_user": 1000}
        here, there = servers = await stage.two_servers(**partner.settings, **late)
        async with talkers(here, stage.size.pick(smoke=2, card=10, soak=20)) as learners:
            replies = [Reply(number, talker, talker.say(here, number)) for number, talker in enumerate(learners)]
            readers: dict[int, list[tuple[str, Listening]]] = {reply.number: [] for reply in replies}
            for reply in replies:
                await reply.listening.hears_words(3)
                readers[reply.number].append(("", reply.talker.resume(there, reply.generation)))
            while not all(reply.listening.is_over for reply in replies):
                for reply in replies:
                    cursor = reply.listening.cursor
                    resumed = reply.talker.resume(servers[len(cursor) % 2], reply.generation, cursor)
                    readers[reply.number].append((cursor, resumed))
                await asyncio.sleep(0.3)
            for reply in replies:
                readers[reply.number] += [
                    (event.cursor, reply.talker.resume(there, reply.generation, event.cursor)) for event in reply.heard
                ]
                for cursor, resumed in readers[reply.number]:
                    await resumed.over()
                    report.faults += 1
                    told, expected = _data(resumed.heard), _data(_after(reply.heard, cursor))
                    report.require(told == expected, f"read after {cursor!r}: {told[:3]}, not {expected[:3]}")
                report.require(reply.text == spoken(reply.number, _WORDS), f"reply {reply.number} is not whole")
            await judge_replies(stage, report, replies, there)


def _after(events: Sequence[Heard], cursor: str) -> Sequence[Heard]:
    places = [event.cursor for event in events]
    return events[places.index(cursor) + 1 :] if cursor else events


def _data(events: Sequence[Heard]) -> list[tuple[str, str]]:
    return [(event.cursor, event.data) for event in events]


async def said_at_once(stage: Stage, report: Report) -> None:
    """Say the same thing ten times at once under one id, at two servers."""
    async with provider(words=20, pause=0.02) as partner:
        servers = await stage.two_servers(**partner.settings)
        async with talkers(servers[0], stage.size.pick(smoke=2, card=20, soak=50)) as learners:
            replies = []
            for number, talker in enumerate(learners):
                all_of_them = [talker.say(servers[each % 2], number) for each in range(_AT_ONCE)]
                report.faults += _AT_ONCE - 1
                for listening in all_of_them:
                    await listening.over()
                told = {tuple(_data(listening.heard)) for listening in all_of_them}
                faults = {listening.fault for listening in all_of_them}
                report.require(len(told) == 1, f"{len(told)} different replies were read ({faults})")
                asked = len(partner.of(number))
                report.require(asked == 1, f"the model was asked {asked} times")
                replies.append(Reply(number, talker, all_of_them[0]))
            await judge_replies(stage, report, replies, servers[1])


async def stopped_by_the_learner(stage: Stage, report: Report) -> None:
    """Stop replies at another server than the one that makes them, before their first word and after."""
    async with provider(words=400, pause=0.05) as partner:
        here, there = await stage.two_servers(**partner.settings)
        async with talkers(here, stage.size.pick(smoke=4, card=20, soak=50)) as learners:
            partner.held = set(range(0, len(learners), 2))
            replies = [Reply(number, talker, talker.say(here, number)) for number, talker in enumerate(learners)]
            for reply in replies:
                await until(lambda number=reply.number: partner.of(number), "the model is asked")
                if reply.number not in partner.held:
                    await reply.listening.hears_words(stage.random.randint(1, 20))
                await reply.listening.hears("started")
                began = time.monotonic()
                stopped = await reply.talker.cancel(there, reply.generation)
                report.require(stopped.is_success, f"stopping was refused: {stopped.text[:200]}")
                await reply.listening.over()
                [exchange] = partner.of(reply.number)
                await until(lambda exchange=exchange: exchange.left_at, "the model's stream is closed")
                report.faults += 1
                report.recovered((exchange.left_at or began) - began, _CANCEL_SECONDS, "closing the model's stream")
                report.require(reply.listening.last == "cancelled", f"a reply ended as {reply.listening.last}")
                report.require((reply.text == "") == (reply.number in partner.held), f"it says {reply.text!r}")
            await judge_replies(stage, report, replies, there)


async def log_expired(stage: Stage, report: Report) -> None:
    """Read replies whose logs are gone, as they are an hour after their end: from the beginning, and from a cursor."""
    async with provider(_WORDS, pause=0.01) as partner:
        server = await stage.server(**partner.settings)
        async with talkers(server.http, stage.size.pick(smoke=2, card=10, soak=20)) as learners, stage.redis() as redis:
            replies = [Reply(number, talker, talker.say(server.http, number)) for number, talker in enumerate(learners)]
            for reply in replies:
                await reply.listening.over()
                lifetime = await redis.ttl(log_key(UUID(reply.generation)))
                report.require(0 < lifetime <= 3600, f"a log that has ended lives for {lifetime} s")
                report.require(await redis.delete(log_key(UUID(reply.generation))) == 1, "there was no log")
                report.faults += 1
                for event in ("", *(event.cursor for event in reply.heard)):
                    again = await reply.talker.resume(server.http, reply.generation, event).over()
                    _judge_expired(report, reply, event, again)
            await judge_replies(stage, report, replies, server.http)


def _judge_expired(report: Report, reply: Reply, cursor: str, again: Listening) -> None:
    """All text, and the last event as it was, unless that has been read."""
    before, last = reply.heard[-2:]
    expected = {"": ["snapshot", "completed"], before.cursor: ["completed"], last.cursor: []}
    kinds = expected.get(cursor, ["snapshot", "completed"])
    report.require(again.kinds == kinds, f"after {cursor!r} came {again.kinds} ({again.status} {again.fault})")
    if kinds:
        report.require(again.heard[-1].data == last.data, "the last event is another one")
    if len(kinds) > 1:
        report.require(again.heard[0].value["text"] == reply.text, "the snapshot is another text")


SCENARIOS = (
    Scenario(
        id="L4",
        promise="replies are read on several devices, at two servers, from every cursor that was sent, under way and "
        "afterwards: byte for byte what an unbroken stream brings",
        run=read_from_anywhere,
        smoke=0,
    ),
    Scenario(
        id="L5",
        promise=f"a message comes {_AT_ONCE} times at once under one id, at two servers: one turn with one reply, "
        "the model is asked once, and all read the same bytes",
        run=said_at_once,
        smoke=0,
    ),
    Scenario(
        id="L6",
        promise="a reply is stopped at another server than the one that makes it, before its first word and after: "
        f"{_CANCEL_SECONDS * 1000:g} ms later the model's stream is closed, and what was said is kept",
        run=stopped_by_the_learner,
        smoke=0,
    ),
    Scenario(
        id="L7",
        promise="the log of a reply has expired: whoever reads it, from any cursor that was sent, gets all of its text "
        "and its last event from the database",
        run=log_expired,
        smoke=0,
    ),
)
