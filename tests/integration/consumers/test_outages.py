"""Processes die and stop, Redis and Postgres go away: nothing is lost, and nothing has its effect twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.handlers import Recorder
from sqlalchemy import text

import adapters.sql.handling
import workers.consumer_group
import workers.handler_loop
from adapters.bus.keys import bus_key
from adapters.failpoints import Failpoints, arm
from adapters.sql.engine import Connections, create_engine

SCRIPT = Path(__file__).parent / "consuming_process.py"
TESTS = Path(__file__).parents[2]


@asynccontextmanager
async def process(world, **given: Any) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run consumers as a process of their own."""
    arguments = {"database_url": world.database_url, "redis_url": world.valkey.url, **given}
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    started = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), json.dumps(arguments), env=environment, cwd=TESTS.parent, stderr=subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


@pytest.mark.parametrize("place", ["before_effect", "before_commit", "after_commit", "after_ack"])
async def test_a_process_killed_at_any_moment_leaves_each_effect_once(world, talk, until, place):
    one = talk()
    await world.record(one.said(1))
    # What is there at its start is not announced, so the second time it comes by an entry.
    async with process(world, failpoints=f"consumer.{place}=kill@{1 if place == 'after_ack' else 2}") as killed:
        await until(lambda: _recorded(world, one, [1]))
        await world.tell(one.said(2), one.said(3))
        assert await asyncio.wait_for(killed.wait(), 10) == -signal.SIGKILL
    async with world.consuming(handlers=[Recorder()]):
        await until(lambda: _recorded(world, one, [1, 2, 3]))
    assert await world.rows("SELECT * FROM handler_failure") == []
    assert await world.rows("SELECT * FROM dead_letter") == []


async def _recorded(world, one, words: list[int]) -> bool:
    return await world.recorded(one.stream_id) == words


async def test_what_a_dead_process_left_unacknowledged_is_taken_over(world, talk, until, monkeypatch):
    monkeypatch.setattr(workers.handler_loop, "TAKEN_OVER_AFTER", 0.5)
    monkeypatch.setattr(workers.handler_loop, "TAKE_OVER_EVERY", 0.1)
    one, other = talk(), talk()
    async with world.consuming(handlers=[Recorder()]):
        await world.tell(other.said(1))
        await until(lambda: _recorded(world, other, [1]))
        await world.quiet("recorder", "practice")
        await world.record(one.said(1), one.said(2))
        transaction = world.redis.pipeline(transaction=True)
        transaction.xadd(bus_key("practice"), {"stream_id": one.stream_id})
        transaction.xreadgroup("recorder", "dead", {bus_key("practice"): ">"})
        await transaction.execute()
        assert await world.owed("recorder", "practice") == 1
        await until(lambda: _recorded(world, one, [1, 2]))
        await world.quiet("recorder", "practice")


async def test_an_event_that_kills_its_process_is_put_aside_and_the_rest_flows_on(world, talk, until):
    one, other = talk(), talk()
    await world.tell(one.said(1), one.said(7), one.said(2), other.said(3))
    kills = 0
    while not await world.rows("SELECT * FROM dead_letter"):
        async with process(world, poison=[7]) as doomed:
            buried = asyncio.create_task(until(lambda: world.rows("SELECT * FROM dead_letter")))
            died = asyncio.create_task(doomed.wait())
            await asyncio.wait({buried, died}, return_when=asyncio.FIRST_COMPLETED)
            kills += died.done()
            buried.cancel()
            died.cancel()
        assert kills < 10
    async with process(world, poison=[7]):
        await until(lambda: _recorded(world, one, [1, 2]))
        await until(lambda: _recorded(world, other, [3]))
    [letter] = await world.rows("SELECT * FROM dead_letter")
    assert (letter.reason, letter.tries, letter.version) == ("HANDLER_DIED", 5, 2)


async def test_a_stopped_process_lets_go_and_cannot_commit_when_it_goes_on(world, talk, until):
    one = talk()
    await world.record(one.said(1))
    async with process(world, failpoints="consumer.before_commit=pause@1", idle="1s") as stopped:

        async def is_stopped() -> bool:
            stat = Path(f"/proc/{stopped.pid}/stat").read_text()  # noqa: ASYNC240 - no disk behind it
            return stat.rpartition(")")[2].split()[0] == "T"

        await until(is_stopped)
        async with world.consuming(handlers=[Recorder()]):
            await until(lambda: _recorded(world, one, [1]))
            stopped.send_signal(signal.SIGCONT)
            await world.tell(one.said(2))
            await until(lambda: _recorded(world, one, [1, 2]))
        await world.tell(one.said(3))  # only the one that was stopped is there to see it
        await until(lambda: _recorded(world, one, [1, 2, 3]))


async def test_consumers_resume_within_five_seconds_of_redis_coming_back(world, talk, until):
    one = talk()
    async with world.consuming(handlers=[Recorder()]):
        await world.tell(one.said(1))
        await until(lambda: _recorded(world, one, [1]))
        world.valkey.kill()
        await world.record(one.said(2))
        await asyncio.sleep(1.5)  # paces: an outage of some length
        await world.valkey.start()
        back = time.monotonic()
        await world.ring(one.stream_id)
        await until(lambda: _recorded(world, one, [1, 2]))
        assert time.monotonic() - back < 5
        await world.quiet("recorder", "practice")


async def test_an_emptied_redis_gets_its_groups_again(world, talk, until):
    one = talk()
    async with world.consuming(handlers=[Recorder()]):
        await world.tell(one.said(1))
        await until(lambda: _recorded(world, one, [1]))
        await world.redis.flushall()
        await world.tell(one.said(2))
        await until(lambda: _recorded(world, one, [1, 2]))
        await world.quiet("recorder", "practice")


async def test_a_redis_that_accepts_and_says_nothing_is_noticed(world, talk, until, monkeypatch, caplog):
    monkeypatch.setattr(workers.consumer_group, "ANSWER_WITHIN", 1.5)
    one = talk()
    async with world.consuming(handlers=[Recorder()]):
        await world.tell(one.said(1))
        await until(lambda: _recorded(world, one, [1]))
        world.valkey.signal(signal.SIGSTOP)
        await until(lambda: "recorder has to wait" in caplog.text)
        # What the store has is found all the same, as soon as the bus is back.
        await world.record(one.said(2))
        world.valkey.signal(signal.SIGCONT)
        await until(lambda: _recorded(world, one, [1, 2]))


async def test_a_database_that_says_nothing_is_given_up_and_asked_anew(world, talk, until, monkeypatch):
    monkeypatch.setattr(adapters.sql.handling, "TRANSACTION_SECONDS", 1.0)
    monkeypatch.setattr(workers.handler_loop, "_TROUBLE_SECONDS", 0.1)
    one = talk()
    await world.tell(one.said(1))
    async with world.consuming(handlers=[Recorder()]):
        await until(lambda: _recorded(world, one, [1]))
        await world.quiet("recorder", "practice")
        silent = await _backends(world.connections)
        other = replace(world, connections=Connections(create_engine(world.database_url, pool_size=2)))
        for pid in silent:
            os.kill(pid, signal.SIGSTOP)
        try:
            await other.tell(one.said(2))
            await until(lambda: _recorded(other, one, [1, 2]))
        finally:
            for pid in silent:
                os.kill(pid, signal.SIGCONT)
            await other.connections.close()
    assert await world.rows("SELECT * FROM dead_letter") == []


async def _backends(connections: Connections) -> list[int]:
    """Return the server's processes behind the connections that stand in the pool."""
    async with connections.engine.connect() as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'fluentpro' AND datname = current_database()"
        return [row.pid for row in await connection.execute(text(query))]


async def test_what_is_no_events_fault_costs_it_no_try(world, talk, until, monkeypatch):
    monkeypatch.setattr(workers.handler_loop, "_TROUBLE_SECONDS", 0.05)

    class Deadlocked(Recorder):
        times = 0

        async def write(self, connection, changes):
            Deadlocked.times += 1
            if Deadlocked.times <= 8:
                await connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'so' USING ERRCODE = '40P01'; END $$"))
            await super().write(connection, changes)

    one = talk()
    await world.tell(one.said(1))
    async with world.consuming(handlers=[Deadlocked()]):
        await until(lambda: _recorded(world, one, [1]))
        await world.quiet("recorder", "practice")
    assert Deadlocked.times == 9
    assert await world.rows("SELECT * FROM dead_letter") == []
    assert await world.rows("SELECT * FROM handler_failure") == []


async def test_trouble_of_the_machinery_is_logged_and_tried_again(world, talk, until, monkeypatch, caplog):
    monkeypatch.setattr(workers.handler_loop, "_TROUBLE_SECONDS", 0.05)
    one = talk()
    await world.tell(one.said(1))
    arm(Failpoints.parse("consumer.before_commit=error@1"))
    try:
        async with world.consuming(handlers=[Recorder()]):
            await until(lambda: _recorded(world, one, [1]))
    finally:
        arm(None)
    assert "recorder had trouble with 1 streams" in caplog.text
