"""`fluentpro server`: against engines that the settings name, in one process and in several."""

import os
import signal

import grpc
import httpx
import pytest
from e2e.command import Command, is_free, processes_below, runs, until
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from adapters.engines.folder import DataFolder


@pytest.fixture
def engines(dev: Command) -> dict[str, object]:
    """Name the engines of a running `dev`, which hold a migrated and seeded database, and its keys."""
    urls = DataFolder.at(dev.data_dir).urls
    return {
        "database_url": urls.database_url,
        "redis_url": urls.redis_url,
        "signing_keys": dev.data_dir / "keys/signing.json",
        "master_keys": dev.data_dir / "keys/master.json",
        "scripted_word_seconds": 0,
    }


async def serving(address: str) -> bool:
    async with grpc.aio.insecure_channel(address) as channel:
        answer = await HealthStub(channel).Check(HealthCheckRequest(), wait_for_ready=True, timeout=30)
    return answer.status == HealthCheckResponse.SERVING


async def test_it_serves_both_doors_on_named_engines_and_makes_none(start, engines, sign_up, data_dir):
    server = await start("server", **engines).ready()
    learner = await sign_up(server)
    conversation = await learner.converse()
    assert [event.kind async for event in learner.say(conversation)][-1] == "completed"
    assert await serving(server.grpc)
    server.terminate()
    assert await server.ended() == 0
    assert "Traceback" not in server.err
    assert not data_dir.exists()
    assert is_free(server.grpc)
    assert is_free(server.http)


async def test_a_learner_of_one_process_is_known_to_another(start, dev: Command, engines, sign_up):
    learner = await sign_up(dev)
    server = await start("server", **engines).ready()
    await sign_up(server, learner.email)
    conversation = await learner.converse()
    said = [event async for event in learner.say(conversation)]
    learner._client.base_url = httpx.URL(f"http://{server.http}/api/v2")  # the same token, at the other process
    assert await learner.resume(said[0]) == said[1:]


async def test_without_http_there_is_grpc_alone(start, engines):
    server = start("server", "--no-http", **engines)
    await server.says("serving gRPC on")
    assert await serving(server.grpc)
    assert "HTTP on" not in server.err
    server.interrupt()
    assert await server.ended() == 0
    assert "Traceback" not in server.err


async def test_it_starts_without_its_database_and_says_what_is_missing(start):
    server = start("server", database_url="postgresql://someone:s3cret@127.0.0.1:1/fp", redis_url="redis://127.0.0.1:1")
    await server.says("serving gRPC on")
    async with httpx.AsyncClient(base_url=f"http://{server.http}") as client:
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        refused = await client.get("/api/v2/industries")
    assert refused.status_code == 503
    assert "FLUENTPRO_DATABASE_URL: the server it names cannot be used" in server.err
    assert "s3cret" not in server.err
    server.terminate()
    assert await server.ended() == 0


async def several(start, engines) -> tuple[Command, list[int]]:
    server = await start("server", processes=2, **engines).ready()
    await until(lambda: server.err.count("serving gRPC on") == 2)
    assert await serving(server.grpc)
    return server, processes_below(server.pid)


async def ended(pids: list[int]) -> None:
    await until(lambda: not any(map(runs, pids)))


async def test_several_processes_share_the_ports_and_one_that_is_killed_is_replaced(start, engines, sign_up):
    server, children = await several(start, engines)
    assert len(children) == 2
    os.kill(children[0], signal.SIGKILL)
    await until(lambda: server.err.count("serving gRPC on") == 3)
    assert await serving(server.grpc)
    await sign_up(server)
    replaced = processes_below(server.pid)
    assert len(replaced) == 2
    assert children[0] not in replaced
    server.terminate()
    assert await server.ended() == 0
    await ended(children + replaced)
    assert "Traceback" not in server.err
    assert is_free(server.grpc)
    assert is_free(server.http)


async def test_when_the_parent_is_killed_its_processes_end(start, engines):
    server, children = await several(start, engines)
    server.kill()
    await server.ended()
    await ended(children)
    assert is_free(server.grpc)
    assert is_free(server.http)


async def test_what_its_processes_refuse_it_refuses(start, engines, tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    server = start("server", processes=2, **engines | {"signing_keys": keys})
    assert await server.ended() == 78
    assert "Traceback" not in server.err
    assert f"fluentpro: {keys}: " in server.err
