"""Engines and processes of the rig: dead when they should be, and back when they should be."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.engines.errors import EnginesFailed
from domain.shared.errors import Unavailable
from tests.faults.rig.engines import OwnEngines
from tests.faults.rig.plan import Size
from tests.faults.rig.stage import Stage, stage
from tests.faults.rig.waiting import TooLong, until

LASTING = ["-m", "http.server", "--bind", "127.0.0.1", "0"]
"""A process that lasts until somebody ends it."""


async def count_users(set_stage: Stage) -> int:
    async with set_stage.looking() as connection:
        return (await connection.execute(text("SELECT count(*) FROM account"))).scalar_one()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT, signal.SIGINT])
async def test_postgres_is_gone_and_comes_back_with_its_data(set_stage: Stage, number: signal.Signals):
    postgres = set_stage.engines.postgres
    assert await count_users(set_stage) == 0
    await (postgres.kill() if number is signal.SIGKILL else postgres.stop(number))
    assert not postgres.is_running
    with pytest.raises(Unavailable):
        await count_users(set_stage)
    assert await postgres.start() < 30
    assert await count_users(set_stage) == 0


async def test_a_paused_postgres_says_nothing_until_it_is_resumed(set_stage: Stage):
    set_stage.engines.postgres.pause()
    counting = asyncio.create_task(count_users(set_stage))
    assert not await set_stage.engines.postgres.answers()
    assert not counting.done()
    set_stage.engines.postgres.resume()
    assert await counting == 0


async def test_valkey_comes_back_with_its_data_or_without(set_stage: Stage):
    valkey = set_stage.engines.valkey
    async with set_stage.redis() as client:
        await client.set("kept", "1")
    await valkey.stop()
    await valkey.start()
    async with set_stage.redis() as client:
        assert await client.get("kept") == b"1"
    await valkey.kill()
    await valkey.wipe()
    await valkey.start("--maxmemory", "100mb")
    async with set_stage.redis() as client:
        assert await client.get("kept") is None
        assert await client.config_get("maxmemory") == {"maxmemory": "104857600"}


async def test_starting_valkey_leaves_the_lock_file_of_a_postgres_that_runs_alone(set_stage: Stage):
    lock = set_stage.engines.postgres.folder / "postmaster.pid"
    before = lock.read_bytes()
    await set_stage.engines.valkey.stop()
    await set_stage.engines.valkey.start()
    assert lock.read_bytes() == before, "Postgres would end itself within a minute"


async def test_data_is_not_taken_from_an_engine_that_runs(set_stage: Stage):
    with pytest.raises(RuntimeError, match="Valkey runs"):
        await set_stage.engines.valkey.wipe()


async def test_an_engine_that_cannot_start_says_why(set_stage: Stage):
    await set_stage.engines.valkey.stop()
    with pytest.raises(EnginesFailed, match="Valkey did not start: Bad directive"):
        await set_stage.engines.valkey.start("--nonsense", "1")


async def test_a_stage_mends_its_engines_and_ends_its_processes(own_engines: OwnEngines):
    async with stage(own_engines, Size.SMOKE, "a test") as set_:
        sleeping = set_.run(*LASTING)
        await own_engines.valkey.kill()
        own_engines.postgres.pause()
    assert sleeping.exit_code is not None
    assert await own_engines.postgres.answers()
    assert await own_engines.valkey.answers()


async def test_a_server_is_started_killed_and_started_again_at_its_address(set_stage: Stage):
    first = await set_stage.server()
    await first.kill()
    assert first.exit_code == -signal.SIGKILL
    second = await set_stage.server()
    assert second.http == first.http
    assert await second.stop() == 0
    assert "serving gRPC" in set_stage.story()


async def test_a_failpoint_of_a_process_pauses_it_until_it_is_resumed(set_stage: Stage):
    script = "from adapters.failpoints import *; arm(Failpoints.parse('uow.before_append=pause'));"
    process = set_stage.run("-c", f"{script} reach_now('uow.before_append'); print('went on')")
    await process.is_paused()
    assert process.log == ""
    process.resume()
    assert await process.ended() == 0
    assert process.log == "went on\n"


async def test_waiting_for_a_process_that_ends_instead_tells_what_it_wrote(set_stage: Stage):
    process = set_stage.run("-m", "server.cli", "nonsense")
    with pytest.raises(AssertionError, match=r"(?s)ended with 2.*No such command"):
        await process.says("never")


async def test_a_process_dies_with_the_thing_that_started_it(set_stage: Stage):
    script = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from tests.faults.rig.processes import Process\n"
        f"child = Process({LASTING}, os.environ, Path({str(set_stage.folder / 'child.log')!r}))\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = set_stage.run("-c", script)
    assert await parent.ended() == -signal.SIGKILL
    child = int(parent.log)
    await until(lambda: not _runs(child), "the child is gone")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return ") Z " not in Path(f"/proc/{pid}/stat").read_text()


async def test_a_condition_that_never_holds_is_named():
    with pytest.raises(TooLong, match=r"the sea is dry: not within 0\.05 s"):
        await until(lambda: False, "the sea is dry", seconds=0.05)


async def test_both_engines_can_stand_behind_proxies(set_stage: Stage):
    _, database_url = await set_stage.proxy_of_postgres()
    _, redis_url = await set_stage.proxy_of_valkey()
    server = await set_stage.server(database_url=database_url, redis_url=redis_url)
    assert await server.stop() == 0
