"""The judgement of the pipeline finds what was planted, and nothing where nothing was."""

import asyncio

import pytest
from redis.exceptions import RedisError
from sqlalchemy import text

from adapters.bus.keys import bus_key
from tests.faults.catalogue import every_scenario
from tests.faults.rig.pipeline import Pipeline, pipeline
from tests.faults.rig.proxy import Proxy, proxied
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import TooLong


def report() -> Report:
    return Report("F0", "all is well", runs=1)


async def planted(set_stage: Stage, *statements: str) -> None:
    async with set_stage.connections.transaction() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            assert (await connection.execute(text(statement))).rowcount == 1
        await connection.commit()


async def test_facts_that_background_work_handled_are_found_and_so_is_what_is_done_to_them(set_stage: Stage):
    process = set_stage.background()
    async with pipeline(set_stage, conversations=10) as load:
        async with load.appending(per_second=200):
            await load.more(50)
            assert await load.flows_again() < 30
        await load.caught_up()
        sound = report()
        await load.judge_effects(sound)
        assert await load.judge_bus(sound) == 0
        assert sound.is_kept
        assert sound.facts == len(load.ledger.acknowledged) >= 70
        assert await process.stop() == 0
        await _is_found(set_stage, load)


async def _is_found(set_stage: Stage, load: Pipeline) -> None:
    async with set_stage.looking() as connection:
        query = text("SELECT conversation_id FROM practice_record WHERE learner_turns > 1 ORDER BY 1 LIMIT 2")
        one, other = (await connection.execute(query)).scalars()
    row = "UPDATE practice_record SET learner_turns = learner_turns"
    await planted(
        set_stage,
        f"{row} + 1 WHERE conversation_id = '{one}'",
        f"{row} - 1 WHERE conversation_id = '{other}'",
        f"UPDATE practice_record SET learner_words = 0 WHERE conversation_id = '{one}'",
        "DELETE FROM audit_search WHERE position = (SELECT position FROM event_store WHERE data->>'position' = '7')",
    )
    async with set_stage.redis() as client:
        [entry] = await client.xrange(bus_key("practice"), count=1)
        await client.xadd(bus_key("practice"), entry[1])
        await client.xdel(bus_key("practice"), (await client.xrevrange(bus_key("practice"), count=2))[1][0])
    broken = report()
    await load.judge_effects(broken)
    assert await load.judge_bus(broken) == 1
    assert broken.broken == [
        "run 1: facts 1 lost (7)",
        "run 1: 1 turns were never added up",
        "run 1: 1 turns were added up twice",
        "run 1: the words of 1 conversations are not those of their turns",
        "run 1: 1 events are not on the bus",
    ]


async def test_what_nobody_handles_is_waited_for_and_stuck(set_stage: Stage):
    async with pipeline(set_stage, conversations=1) as load:
        await load.append(3)
        assert await load.unpublished() == 4
        with pytest.raises(TooLong, match="every event is published and handled"):
            await load.caught_up(seconds=0.1)
        found = report()
        await load.judge_effects(found)
    assert found.stuck == 4 * 3, "four events to publish, and to handle by each of two handlers"


async def test_a_proxy_leads_to_another_valkey(set_stage: Stage):
    second = await set_stage.another_valkey()
    async with set_stage.redis() as first, set_stage.redis_at(second) as other:
        await first.set("name", "first")
        await other.set("name", "second")
    async with proxied(set_stage.engines.valkey_socket) as proxy:
        assert await _name(proxy) == b"$5\r\nfirst\r\n"
        proxy.lead_to(second.socket)
        assert await _name(proxy) == b"$6\r\nsecond\r\n"
    await second.kill()
    with pytest.raises((RedisError, OSError)):
        async with set_stage.redis_at(second) as other:
            await other.ping()


async def _name(proxy: Proxy) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"GET name\r\n")
    said = await reader.readuntil(b"\r\n") + await reader.readuntil(b"\r\n")
    writer.close()
    return said


def test_every_row_of_the_card_so_far_has_its_scenario():
    rows = {f"F{number}" for number in range(1, 19)} | {"R1", "R2", "R3", "R8", "R36"}
    rows |= {f"J{number}" for number in range(1, 5)} | {f"R{number}" for number in (4, 5, 9, 13, 24, 25, 26)}
    rows |= {f"L{number}" for number in range(1, 9)} | {f"R{number}" for number in (6, 7, 14, 17, 20, 27, 28)}
    assert rows <= every_scenario().keys()
