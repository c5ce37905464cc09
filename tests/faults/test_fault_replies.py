"""The rig's own partner says what it should; its readers and the judgement find what is wrong."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from adapters.live.keys import log_key
from tests.faults.rig.counted import tasks_of
from tests.faults.rig.provider import provider, spoken
from tests.faults.rig.replies import Reply, judge_replies, log_of, rows_of
from tests.faults.rig.report import Report
from tests.faults.rig.slow_reader import SlowReader
from tests.faults.rig.stage import Stage
from tests.faults.rig.talking import Heard, said, talkers
from tests.faults.rig.waiting import TooLong, until


def report() -> Report:
    return Report("L0", "all is well", runs=1)


def heard(kind: str, text: str = "") -> Heard:
    return Heard("cursor", kind, f'{{"{kind}": {{"text": "{text}"}}}}', 0.0)


def test_a_reader_has_before_them_what_was_said_last():
    deltas = [heard("delta", "Good "), heard("delta", "day")]
    assert said(deltas) == "Good day"
    assert said([*deltas, heard("reset"), heard("delta", "Hello")]) == "Hello"
    assert said([*deltas, heard("snapshot", "Good morning"), heard("delta", ".")]) == "Good morning."


def test_replies_tell_which_fact_they_are_about():
    assert spoken(17, 4) == "<17> 1 2 3 "


async def test_a_reply_is_read_and_judged_and_what_is_planted_is_found(set_stage: Stage):
    async with provider(words=20, pause=0.01) as partner:
        server = await set_stage.counted_server(**partner.settings)
        async with talkers(server.http, 2) as [one, other]:
            replies = [Reply(1, one, one.say(server.http, 1)), Reply(2, other, other.say(server.http, 2))]
            for reply in replies:
                await reply.listening.over()
            assert [reply.text for reply in replies] == [spoken(1, 20), spoken(2, 20)]
            sound = report()
            await judge_replies(set_stage, sound, replies, server.http)
            assert (sound.broken, sound.facts) == ([], 2)
            assert await log_of(set_stage, replies[0].generation)
            assert len(await rows_of(set_stage, replies[0].generation)) > 4
            await _is_found(set_stage, replies, server.http)
            assert await tasks_of(server) > 0


async def _is_found(set_stage: Stage, replies: list[Reply], url: str) -> None:
    async with set_stage.connections.transaction() as connection:
        await connection.execute(
            text("UPDATE turn SET text = 'no' WHERE generation_id = :id AND author = 'partner'"),
            {"id": replies[0].generation},
        )
        await connection.execute(
            text("UPDATE generation SET status = 'running' WHERE id = :id"), {"id": replies[1].generation}
        )
        await connection.commit()
    found = report()
    await judge_replies(set_stage, found, replies, url)
    assert (found.lost, found.stuck) == (2, 1), "what a reply under way says is not listed"
    assert len(found.broken) == 3


async def test_a_partner_can_be_held_and_knows_who_leaves(set_stage: Stage):
    async with provider(words=500, pause=0.01) as partner:
        partner.held = {1}
        server = await set_stage.server(**partner.settings)
        async with talkers(server.http, 1) as [talker]:
            listening = talker.say(server.http, 1)
            await until(lambda: partner.of(1), "it is asked")
            with pytest.raises(TooLong):
                await listening.hears("delta", seconds=0.3)
            partner.release()
            await listening.hears_words(3)
            assert partner.of(1)[0].left_at is None
            await talker.cancel(server.http, listening.generation)
            await until(lambda: partner.of(1)[0].left_at, "it is left")
            assert (await listening.over()).last == "cancelled"


async def test_a_slow_reader_reads_slowly_and_can_hurry(set_stage: Stage):
    async with provider(words=50, pause=0.0) as partner:
        server = await set_stage.server(**partner.settings)
        async with talkers(server.http, 1) as [talker]:
            listening = await talker.say(server.http, 1).over()
            path = f"/api/v2/generations/{listening.generation}/events"
            reader = SlowReader(server.http, path, talker.headers)
            await until(lambda: reader.cursors, "it has begun", 10)
            assert not reader.is_cut
            reader.hurry()
            await asyncio.wait_for(reader.task, 10)
            assert reader.is_cut
            assert reader.cursors == [event.cursor for event in listening.heard]
            async with set_stage.redis() as client:
                assert await client.exists(log_key(UUID(listening.generation)))
