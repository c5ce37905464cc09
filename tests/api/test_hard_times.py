"""The product with Redis away, and a learner who has used up a day's tokens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest
from api.conftest import ANY_PORT
from api.doors import GrpcDoor, HttpDoor
from api.learner import Learner
from api.replies import RESUME, SEND, kinds, rest, resume, said, send, until
from api.stage import WORDS, StageModel

from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.settings import Profile, Settings
from adapters.telemetry.logs import AccessLog
from adapters.wiring import open_application
from domain.practice.chat import Delta, Finish, FinishReason
from server.hosting import Host, HostOptions
from server.service import build_service


@dataclass
class Stage:
    """A product of a test's own."""

    model: StageModel
    grpc: GrpcDoor
    http: HttpDoor


@asynccontextmanager
async def opened(settings: Settings, database_url: str, redis_url: str, access_log: AccessLog) -> AsyncIterator[Stage]:
    model = StageModel()
    async with open_application(settings, database_url, redis_url, model=model) as application:
        await seed(application.connections, read_catalog())
        host = Host(build_service(application, settings, access_log), HostOptions(ANY_PORT, ANY_PORT))
        await host.start()
        async with (
            grpc.aio.insecure_channel(str(host.grpc_listen)) as channel,
            httpx.AsyncClient(base_url=f"http://{host.http_listen}", timeout=20) as client,
        ):
            yield Stage(model, GrpcDoor(channel), HttpDoor(client))
        await host.stop(0)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(profile=Profile.TESTING, data_dir=tmp_path, daily_tokens=5000)


@pytest.fixture
async def without_redis(settings, database_url, tmp_path, product) -> AsyncIterator[Stage]:
    async with opened(settings, database_url, f"unix://{tmp_path}/nobody.sock", product.access_log) as stage:
        yield stage


@pytest.fixture
async def thrifty(settings, database_url, redis_url, product) -> AsyncIterator[Stage]:
    async with opened(settings, database_url, redis_url, product.access_log) as stage:
        yield stage


async def test_without_redis_a_conversation_works_and_says_degraded(without_redis) -> None:
    learner = await Learner.new(without_redis.grpc)
    conversation = await learner.converse()
    for number in range(1, 4):
        async with asyncio.timeout(3):
            events = await learner.say(conversation.id)
        assert kinds(events)[:2] == ["accepted", "started"]
        assert events[1].started.degraded
        assert (events[-1].WhichOneof("event"), text_of(events)) == ("completed", "".join(WORDS))
        turns = await learner.turns(conversation.id)
        assert len(turns) == 1 + 2 * number
        assert (turns[-1].id, turns[-1].text) == (events[-1].completed.turn_id, "".join(WORDS))


async def test_without_redis_a_second_reader_and_a_resumed_one_hear_the_same(without_redis) -> None:
    learner = await Learner.new(without_redis.grpc)
    conversation, gate = await learner.converse(), asyncio.Event()
    line = without_redis.model.line(Delta("One, "), gate, Delta("two."), Finish(FinishReason.STOP))
    call, started = await until(learner, send(conversation.id, line.text), "started")
    generation = started.generation_id
    readers = [
        asyncio.create_task(without_redis.http.call(RESUME, resume(generation, after), learner.token))
        for after in ("", started.cursor)
    ]
    gate.set()
    heard = await rest(call)
    assert text_of(heard) == "One, two."
    for reader in readers:
        assert text_of((await reader).events) == "One, two."
    last = (await learner.follow(generation))[-1]
    assert (last.cursor, last.WhichOneof("event")) == (heard[-1].cursor, "completed")
    for event in heard[:-1]:
        rest_of_it = (await without_redis.grpc.call(RESUME, resume(generation, event.cursor), learner.token)).events
        assert rest_of_it[-1].cursor == last.cursor


def text_of(events: list[Any]) -> str:
    """Return the text as a client puts it together."""
    from_snapshot = [index for index, event in enumerate(events) if event.WhichOneof("event") == "snapshot"]
    if not from_snapshot:
        return said(events)
    last = from_snapshot[-1]
    return events[last].snapshot.text + said(events[last:])


@pytest.mark.parametrize("door", ["grpc", "http"])
async def test_a_learner_without_tokens_is_told_when_there_are_new_ones(thrifty, door) -> None:
    learner = await Learner.new(thrifty.grpc)
    busy = [await learner.converse() for _ in range(2)]
    gate = asyncio.Event()
    line = thrifty.model.line(gate, Delta("Yes."), Finish(FinishReason.STOP))
    calls = [(await until(learner, send(one.id, line.text), "accepted"))[0] for one in busy]
    refused = await getattr(thrifty, door).call(SEND, send((await learner.converse()).id), learner.token)
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "TOKEN_BUDGET_EXHAUSTED")
    assert refused.metadata == {"limit": "5000"}
    if door == "http":
        assert refused.http_status == 429
        assert 0 < int(refused.headers["retry-after"]) <= 24 * 60 * 60
    gate.set()
    for call in calls:
        await rest(call)
