"""Streams that stay open, through both doors: how many a user may have, how long, and when the server stops."""

import asyncio
import io
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import pytest
from api.contract import RPCS
from api.doors import GrpcDoor, HttpDoor
from api.learner import message
from api.replies import SEND
from api.stage import StageModel
from api.talks import open_talk

from adapters.settings import Listen, Profile, Settings
from adapters.telemetry.logs import AccessLog
from adapters.wiring import open_application
from domain.practice.chat import Delta
from server.hosting import Host, HostOptions
from server.service import build_service

WATCH = "ConversationService/WatchConversation"
RESUME = "ConversationService/ResumeReply"
ANY_PORT = Listen("127.0.0.1", 0)


@dataclass
class Instance:
    """One server process' worth of the product, beside others on the same engines."""

    host: Host
    grpc: GrpcDoor
    http: HttpDoor
    model: StageModel


@pytest.fixture
async def serve(product, database_url, redis_url):
    """Serve another instance with other settings, until the test's end."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Instance:
            return await stack.enter_async_context(_instance(product, (database_url, redis_url), settings))

        yield start


@asynccontextmanager
async def _instance(product: Any, urls: tuple[str, str], changes: dict[str, Any]):
    settings = Settings(profile=Profile.TESTING, data_dir=product.settings.data_dir, **changes)
    model = StageModel()
    async with open_application(settings, *urls, model=model) as application:
        host = Host(build_service(application, settings, AccessLog(io.StringIO())), HostOptions(ANY_PORT, ANY_PORT))
        await host.start()
        async with (
            grpc.aio.insecure_channel(str(host.grpc_listen)) as channel,
            httpx.AsyncClient(base_url=f"http://{host.http_listen}", timeout=20) as client,
        ):
            yield Instance(host, GrpcDoor(channel), HttpDoor(client), model)
        await host.stop(0)


def watch(door: GrpcDoor, conversation_id: str, token: str) -> Any:
    """Begin to watch over gRPC."""
    return door.start(WATCH, RPCS[WATCH].request(conversation_id=conversation_id), token)


async def events(call: Any) -> list[Any]:
    """Return all events of a watch that ends well."""
    found = []
    async with asyncio.timeout(10):
        while (answer := await call.read()) is not grpc.aio.EOF:
            found.append(answer.event)
    return found


async def read_until(call: Any, kind: str) -> Any:
    """Return the first event of a kind."""
    async with asyncio.timeout(10):
        while (event := (await call.read()).event).WhichOneof("event") != kind:
            pass
    return event


async def test_what_changes_in_one_process_is_told_in_another(serve, product, learner) -> None:
    instance = await serve()
    conversation = await learner.converse()
    call = watch(instance.grpc, conversation.id, learner.token)
    await read_until(call, "conversation")
    talk = await open_talk(instance.http, conversation.id, learner.token)
    await talk.ask(open={})
    await talk.until("change.conversation")
    said = await learner.say(conversation.id)  # by the first process
    assert (await read_until(call, "generation")).generation.id == said[0].generation_id
    await talk.until("reply.completed")
    assert talk.text == "".join(event.delta.text for event in said)
    await talk.leave()
    call.cancel()


async def test_a_newer_stream_in_another_process_ends_the_older(serve, product, learner) -> None:
    instance = await serve()
    conversation = await learner.converse()
    talks: list[Any] = []
    for door in (product.grpc, instance.http, product.http, instance.grpc):
        talk = await open_talk(door, conversation.id, learner.token)
        await talk.ask(open={})
        await talk.until("change.conversation")
        if talks:
            closed = await talks[-1].until("change.closed")
            assert closed.change.closed.reason == "SUPERSEDED"
            assert closed.change.cursor == f"{conversation.id}:1"
            assert (await talks[-1].outcome()).code == "OK"
        talks.append(talk)
    await talks[-1].leave()


async def test_a_user_has_so_many_live_streams_and_no_more(serve, learner, other) -> None:
    instance = await serve(streams_per_user=2)
    conversation = await learner.converse()
    calls = [watch(instance.grpc, conversation.id, learner.token) for _ in range(2)]
    for call in calls:
        await read_until(call, "conversation")
    generation = await learner.reply()
    requests = {
        WATCH: RPCS[WATCH].request(conversation_id=conversation.id),
        SEND: RPCS[SEND].request(**message(conversation.id)),
        RESUME: RPCS[RESUME].request(generation_id=generation),
    }
    for door in (instance.grpc, instance.http):
        for name, request in requests.items():
            outcome = await door.call(name, request, learner.token)
            assert (outcome.code, outcome.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS")
            assert outcome.metadata["limit"] == "2"
        talk = await open_talk(door, conversation.id, learner.token)
        await talk.ask(open={})
        assert (await talk.outcome()).reason == "TOO_MANY_STREAMS"
    assert len(await learner.turns(conversation.id)) == 1
    await read_until(watch(instance.grpc, (await other.converse()).id, other.token), "conversation")
    calls[0].cancel()
    async with asyncio.timeout(10):
        while (await instance.grpc.call(RESUME, requests[RESUME], learner.token)).code != "OK":
            pass
    calls[1].cancel()


async def test_a_stream_ends_when_its_lifetime_is_over_and_goes_on_by_its_cursor(serve, learner) -> None:
    instance = await serve(stream_lifetime_seconds=0.3)
    conversation = await learner.converse()
    *_, last = await events(watch(instance.grpc, conversation.id, learner.token))
    assert (last.closed.reason, last.cursor) == ("STREAM_EXPIRED", f"{conversation.id}:1")
    request = RPCS[WATCH].request(conversation_id=conversation.id, after=last.cursor)
    (again,) = (await instance.http.call(WATCH, request, learner.token)).messages
    assert (again.event.closed.reason, again.event.cursor) == ("STREAM_EXPIRED", last.cursor)
    talk = await open_talk(instance.http, conversation.id, learner.token)
    await talk.ask(open={})
    assert (await talk.until("change.closed")).change.closed.reason == "STREAM_EXPIRED"


async def test_a_stream_on_which_nothing_is_said_ends_and_one_on_which_something_is_goes_on(serve, learner) -> None:
    instance = await serve(stream_idle_seconds=0.5)
    conversation = await learner.converse()
    talk = await open_talk(instance.http, conversation.id, learner.token)
    began = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - began < 1:
        await talk.ask(cancel={"generation_id": str(uuid4())})
        await talk.until("refused")
        await asyncio.sleep(0.01)  # as somebody types, not as a flood: that is cut
    await talk.until("change.closed")
    assert talk.heard[-1].change.closed.reason == "STREAM_EXPIRED"
    *_, last = await events(watch(instance.grpc, conversation.id, learner.token))
    assert (last.closed.reason, last.cursor) == ("STREAM_EXPIRED", f"{conversation.id}:1")


async def test_a_session_that_ends_in_one_process_ends_its_streams_in_another(serve, learner) -> None:
    instance = await serve()
    conversation = await learner.converse()
    tokens = await learner.log_in()
    calls = [watch(instance.grpc, conversation.id, token) for token in (tokens.access_token, learner.token)]
    for call in calls:
        await read_until(call, "conversation")
    await learner.call("AuthService/LogOut", refresh_token=tokens.refresh_token)
    assert (await read_until(calls[0], "closed")).closed.reason == "STREAM_EXPIRED"
    request = RPCS[WATCH].request(conversation_id=conversation.id)
    assert (await instance.grpc.call(WATCH, request, tokens.access_token)).code == "UNAUTHENTICATED"
    await learner.call("ConversationService/EndConversation", conversation_id=conversation.id)
    assert (await events(calls[1]))[-1].conversation.status == 3


async def test_a_server_that_stops_tells_its_streams_where_to_go_on(serve, learner) -> None:
    instance = await serve()
    conversation = await learner.converse()
    line = instance.model.line(Delta("One, "), asyncio.Event())
    call = watch(instance.grpc, conversation.id, learner.token)
    await read_until(call, "conversation")
    over_grpc = await open_talk(instance.grpc, conversation.id, learner.token)
    await over_grpc.ask(say={"client_message_id": "m-1", "text": line.text})
    while over_grpc.cursors[0] != f"{conversation.id}:2":
        await over_grpc.hear()
    elsewhere = await learner.converse()
    over_http = await open_talk(instance.http, elsewhere.id, learner.token)
    await over_http.ask(open={})
    await over_http.until("change.conversation")
    stopping = asyncio.create_task(instance.host.stop(5))
    *_, last = await events(call)
    assert (last.closed.reason, last.cursor) == ("UNAVAILABLE", f"{conversation.id}:2")
    for talk, version in ((over_grpc, 2), (over_http, 1)):
        closed = (await talk.until("change.closed")).change
        assert (closed.closed.reason, closed.cursor) == ("UNAVAILABLE", f"{talk.conversation_id}:{version}")
        assert (await talk.outcome()).code == "OK"
    await stopping


async def test_the_open_streams_of_a_conversation_can_be_seen_from_another_process(serve, product, learner) -> None:
    instance = await serve()
    conversation = await learner.converse()
    call = watch(instance.grpc, conversation.id, learner.token)
    await read_until(call, "conversation")
    talk = await open_talk(product.http, conversation.id, learner.token)
    await talk.ask(open={})
    await talk.until("change.conversation")
    async with asyncio.timeout(10):
        while len(found := await product.application.streams.of_conversation(UUID(conversation.id))) < 2:  # noqa: ASYNC110 - Redis wakes nobody
            await asyncio.sleep(0.01)
    assert [stream.method for stream in found] == ["WatchConversation", "Converse"]
    assert {str(stream.user_id) for stream in found} == {learner.user_id}
    assert "grpc" in found[0].device
    await talk.leave()
    call.cancel()
