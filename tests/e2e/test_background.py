"""`fluentpro background` as an operator meets it: it starts, works, is followed by another, and stops in order."""

import re
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from e2e.command import Command, until
from e2e.conftest import Start
from integration.bus.stage import OwnValkey
from redis.asyncio import Redis

from adapters.engines import EngineUrls
from adapters.security.master_keys import load_or_create_master_keys
from adapters.security.signing_keys import load_or_create_signing_keys

RUNS = "background runs: relay, upkeep, checkpoints, consumers"


@pytest.fixture
async def background(start: Start) -> Command:
    """One that runs, with engines and a database that are ready for a server."""
    running = start("background", metrics_listen="127.0.0.1:0")
    await running.says("Background work has to wait for the database")
    for tool in ("migrate", "seed"):
        assert await start(tool).ended() == 0
    await running.says(RUNS)
    return running


async def _published(address: str) -> float:
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"http://{address}/metrics")).text
    return sum(
        float(value) for value in re.findall(r"^fluentpro_relay_entries_published_total\S* (\S+)", text, re.MULTILINE)
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_waits_for_its_database_and_stops_when_asked(background: Command, number: signal.Signals) -> None:
    if number is signal.SIGTERM:
        background.terminate()
    else:
        background.interrupt()
    assert await background.ended() == 0
    assert "Traceback" not in background.err


async def test_what_a_dead_server_left_is_published_and_the_last_checkpoint_covers_it(
    start: Start, background: Command, sign_up: Callable[[Command], Awaitable[object]]
) -> None:
    server = await start("server").ready()
    await sign_up(server)
    server.kill()
    await background.says("This process leads relay")
    background.terminate()
    assert await background.ended() == 0
    assert "Checkpoint 1: " in background.err


async def test_a_second_signal_does_not_wait_for_what_is_in_hand(
    start: Start, sign_up: Callable[[Command], Awaitable[object]]
) -> None:
    server = start("server")
    await server.says("serving")
    for tool in ("migrate", "seed"):
        assert await start(tool).ended() == 0
    slow = start("background", failpoints="relay.before_xadd=delay:60")
    await slow.says("This process leads relay")
    await sign_up(await server.ready())
    slow.terminate()
    slow.interrupt()  # another signal: two of one kind may arrive as one
    assert await slow.ended(seconds=8) == 0


async def test_another_takes_over_when_the_leader_is_killed(start: Start) -> None:
    owner = start("server")  # of the engines
    await owner.says("serving")
    assert await start("migrate").ended() == 0
    first = start("background")
    await first.says("This process leads relay")
    second = start("background")
    await second.says(RUNS)
    assert "leads" not in second.err
    first.kill()
    await second.says("This process leads relay", seconds=5)


async def test_dev_does_the_background_work_too(dev: Command, sign_up: Callable[[Command], Awaitable[object]]) -> None:
    before = await _published(dev.http)
    await sign_up(dev)

    async def more() -> bool:
        return await _published(dev.http) > before

    await until(more)


@pytest.fixture
async def evicting(tmp_path_factory: pytest.TempPathFactory):
    server = OwnValkey(tmp_path_factory.mktemp("v"))
    await server.start()
    client = Redis.from_url(server.url)
    await client.config_set("maxmemory-policy", "allkeys-lru")
    await client.aclose()
    yield server
    server.kill()


@pytest.mark.parametrize("command", ["background", "server"])
async def test_production_refuses_a_redis_that_evicts(
    start: Start, evicting: OwnValkey, engine_urls: EngineUrls, tmp_path: Path, command: str
) -> None:
    load_or_create_signing_keys(tmp_path / "signing.json")
    load_or_create_master_keys(tmp_path / "master.json")
    refusing = start(
        command,
        profile="production",
        allow_scripted=True,
        signing_keys=tmp_path / "signing.json",
        master_keys=tmp_path / "master.json",
        erasure_list=tmp_path / "erasures.jsonl",
        mail="smtp",
        smtp_url="smtps://mail.example:465",
        mail_from="FluentPro <hello@mail.example>",
        database_url=engine_urls.database_url,
        redis_url=evicting.url,
    )
    assert await refusing.ended() == 78
    (line,) = [line for line in refusing.err.splitlines() if line.startswith("fluentpro: ")]
    assert "FLUENTPRO_REDIS_URL" in line
    assert "allkeys-lru" in line
    assert "Traceback" not in refusing.err
