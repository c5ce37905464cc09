"""Stopping and starting again: nothing stays behind, and nothing is lost."""

import signal
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import grpc
import pytest
from e2e.command import Command, is_free, keepers_and_engines, until
from e2e.learner import Event, Learner, text_of
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub

BY_CTRL_C = (130, -signal.SIGINT)
"""How a command ends that Ctrl-C broke off: a shell shows 130 for both. Python decides which it is."""


def assert_clean(command: Command, code: int) -> None:
    assert code == 0
    assert "Traceback" not in command.err
    assert "stopped" in command.err.splitlines()[-1]
    assert keepers_and_engines(command.data_dir) == {}
    assert is_free(command.grpc)
    assert is_free(command.http)


async def test_ctrl_c_stops_everything(start):
    dev = await start("dev").ready()
    assert len(keepers_and_engines(dev.data_dir)) >= 3
    dev.interrupt()
    assert_clean(dev, await dev.ended(10))


async def test_sigterm_stops_everything_with_clients_connected(start):
    dev = await start("dev").ready()
    async with grpc.aio.insecure_channel(dev.grpc) as channel:
        watching = HealthStub(channel).Watch(HealthCheckRequest())
        await watching.read()
        dev.terminate()
        assert_clean(dev, await dev.ended(10))


@pytest.mark.parametrize("moment", ["starting Valkey", "loading the server", "migrating the database"])
async def test_ctrl_c_while_it_still_starts_leaves_nothing_either(start, moment: str):
    dev = start("dev")
    await dev.says(moment)
    dev.interrupt()
    assert await dev.ended(10) in (0, *BY_CTRL_C), "0 where it serves by now"
    assert "Traceback" not in dev.err
    await until(lambda: not keepers_and_engines(dev.data_dir))


async def test_the_second_start_is_warm_and_keeps_what_there_was(start, sign_up):
    first = await start("dev").ready()
    learner = await sign_up(first)
    first.interrupt()
    assert await first.ended(10) == 0
    began = time.monotonic()
    second = await start("dev").ready()
    assert time.monotonic() - began < 5
    assert "seeded the catalogue: 0 new, 0 changed," in second.err
    assert "making Postgres' data folder" not in second.err
    await sign_up(second, learner.email)


async def until_the_first_word(reply: AsyncIterator[Event]) -> list[Event]:
    """Read the beginning of a reply."""
    seen = []
    async for event in reply:
        seen.append(event)
        if event.kind == "delta":
            return seen
    raise AssertionError("there was no word")


async def test_ctrl_c_in_the_middle_of_a_reply_tells_its_reader_and_ends_it_honestly(start, sign_up):
    dev = await start("dev", scripted_word_seconds=1).ready()
    learner: Learner = await sign_up(dev)
    conversation = await learner.converse()
    async with aclosing(learner.say(conversation)) as reply:
        seen = await until_the_first_word(reply)
        dev.interrupt()
        *more, last = [event async for event in reply]
    assert last.kind == "error"
    assert last.data["error"]["status"] == "UNAVAILABLE"
    assert_clean(dev, await dev.ended(15))
    seen += more

    again = await start("dev", scripted_word_seconds=0).ready()
    learner = await sign_up(again, learner.email)
    rest = await learner.resume(seen[-1])
    assert rest[-1].kind == "failed"
    assert rest[-1].data["failed"]["failure"]["reason"] == "INTERRUPTED"
    kept = (await learner.turns(conversation))[-1]
    assert kept["partial"] is True
    assert kept["text"] == text_of([*seen, *rest])
    assert [event.kind async for event in learner.say(conversation)][-1] == "completed"


async def test_a_second_ctrl_c_waits_for_no_reply(start, sign_up):
    dev = await start("dev", scripted_word_seconds=5).ready()
    learner: Learner = await sign_up(dev)
    async with aclosing(learner.say(await learner.converse())) as reply:
        assert (await anext(reply)).kind == "accepted"
        dev.interrupt()
        await dev.says("stopped serving")
        dev.interrupt()
        assert await dev.ended(4) in BY_CTRL_C
    assert "Traceback" not in dev.err
    assert keepers_and_engines(dev.data_dir) == {}
