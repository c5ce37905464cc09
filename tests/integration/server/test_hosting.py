"""One process, two ports: gRPC and HTTP answer alike, and stop in order."""

import asyncio
import json
import socket
from typing import Any

import grpc
import httpx
import pytest
from google.rpc import code_pb2
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from adapters.settings import Listen
from adapters.telemetry.metrics import GrpcServerMetrics
from fluentpro.v2.conversation_service_pb2 import SendMessageRequest, SendMessageResponse
from fluentpro.v2.conversation_service_pb2_grpc import ConversationServiceStub
from fluentpro.v2.user_service_pb2 import GetMeRequest
from fluentpro.v2.user_service_pb2_grpc import UserServiceStub
from gateway.app import Gateway
from server.chain import Chain, DeadlineCaps
from server.hosting import Host, HostOptions, Service, serve
from server.http_app import HttpApp
from server.http_port import HttpPort
from server.image import our_image
from server.interceptors.metrics import Metrics
from server.interceptors.request_id import RequestIds
from server.policies import read_policies
from server.ports import CannotListen, PortTaken, reserved
from server.readiness import Readiness
from server.signals import StopSignals

MESSAGES = "/api/v2/conversations/0c9f/messages"


@pytest.fixture
def interceptors(recorder, registry: CollectorRegistry):
    policies = read_policies(our_image())
    return [RequestIds(), Metrics(GrpcServerMetrics(registry), policies.values()), recorder]


@pytest.fixture
async def http(host: Host):
    async with httpx.AsyncClient(base_url=f"http://{host.http_listen}") as client:
        yield client


@pytest.fixture
async def channel(host: Host):
    async with grpc.aio.insecure_channel(str(host.grpc_listen)) as channel:
        yield channel


async def endless(_request: Any, _context: Any):
    yield SendMessageResponse()
    await asyncio.Event().wait()


async def test_both_ports_serve_the_same_service(http, channel) -> None:
    by_grpc = await UserServiceStub(channel).GetMe(GetMeRequest())
    by_http = await http.get("/api/v2/users/me", headers={"x-request-id": "r-9"})
    assert by_grpc.user.full_name == by_http.json()["data"]["full_name"] == "Aylin"
    assert by_http.json()["meta"]["request_id"] == by_http.headers["x-request-id"] == "r-9"


async def test_a_stream_comes_as_server_sent_events(http) -> None:
    body = {"client_message_id": "m-1", "text": "Hi"}
    async with http.stream("POST", MESSAGES, json=body, headers={"accept": "text/event-stream"}) as response:
        lines = [line async for line in response.aiter_lines()]
    assert response.status_code == 200
    assert [json.loads(line[6:])["delta"]["text"] for line in lines if line.startswith("data: {")] == ["a", "b"]


async def test_a_client_that_leaves_a_stream_by_http_closes_the_handler(http, servicer, recorder) -> None:
    servicer.send_message = endless
    async with http.stream("POST", MESSAGES, json={}, headers={"accept": "text/event-stream"}) as response:
        await anext(response.aiter_lines())
    assert (await recorder.ended.get()).code == code_pb2.CANCELLED


async def test_the_metrics_count_both_ports(http, channel) -> None:
    await UserServiceStub(channel).GetMe(GetMeRequest())
    await http.get("/api/v2/users/me")
    page = (await http.get("/metrics")).text
    labels = 'grpc_method="GetMe",grpc_service="fluentpro.v2.UserService",grpc_type="unary"'
    assert f"grpc_server_started_total{{{labels}}} 2.0" in page
    handled = 'grpc_code="OK",grpc_method="GetMe",grpc_service="fluentpro.v2.UserService",grpc_type="unary"'
    assert f"grpc_server_handled_total{{{handled}}} 2.0" in page
    assert f"grpc_server_handling_seconds_count{{{labels}}} 2.0" in page
    assert f"grpc_server_msg_received_total{{{labels}}} 2.0" in page


async def test_health_is_told_for_each_service(channel) -> None:
    health = HealthStub(channel)
    for service in ("", "fluentpro.v2.UserService", "fluentpro.v2.ConversationService"):
        answer = await health.Check(HealthCheckRequest(service=service))
        assert answer.status == HealthCheckResponse.SERVING
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await health.Check(HealthCheckRequest(service="fluentpro.v9.Nothing"))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


async def test_health_and_reflection_do_not_pass_the_chain(channel, recorder) -> None:
    await HealthStub(channel).Check(HealthCheckRequest())
    call = ServerReflectionStub(channel).ServerReflectionInfo(iter([ServerReflectionRequest(list_services="")]))
    answer = await call.read()
    names = {service.name for service in answer.list_services_response.service}
    assert names >= {"fluentpro.v2.UserService", "fluentpro.v2.ConversationService", "grpc.health.v1.Health"}
    assert recorder.began == []


async def test_a_stop_says_so_first_and_lets_a_call_finish(host, http, channel, servicer, readiness) -> None:
    is_inside, may_go_on = asyncio.Event(), asyncio.Event()
    answer = servicer.get_me

    async def get_me(request, context):
        is_inside.set()
        await may_go_on.wait()
        return await answer(request, context)

    servicer.get_me = get_me
    watching = HealthStub(channel).Watch(HealthCheckRequest())
    assert (await watching.read()).status == HealthCheckResponse.SERVING
    calls = [
        asyncio.create_task(http.get("/api/v2/users/me")),
        asyncio.ensure_future(UserServiceStub(channel).GetMe(GetMeRequest())),
    ]
    await is_inside.wait()
    stopping = asyncio.create_task(host.stop(10))
    assert (await watching.read()).status == HealthCheckResponse.NOT_SERVING
    assert not (await readiness.report()).is_ready
    assert not stopping.done()
    may_go_on.set()
    by_http, by_grpc = await asyncio.gather(*calls)
    assert by_http.json()["data"]["full_name"] == by_grpc.user.full_name == "Aylin"
    await stopping
    assert await watching.code() == grpc.StatusCode.UNAVAILABLE
    with pytest.raises(httpx.ConnectError):
        await httpx.AsyncClient().get(f"http://{host.http_listen}/livez")


async def test_a_stop_ends_open_streams_with_a_last_word(host, http, channel, servicer) -> None:
    servicer.send_message = endless
    by_grpc = ConversationServiceStub(channel).SendMessage(SendMessageRequest())
    await by_grpc.read()
    async with http.stream("POST", MESSAGES, json={}, headers={"accept": "text/event-stream"}) as response:
        lines = response.aiter_lines()
        await anext(lines)
        stopping = asyncio.create_task(host.stop(10))
        rest = [line async for line in lines]
    await stopping
    assert "event: error" in rest
    assert any('"UNAVAILABLE"' in line for line in rest)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await by_grpc.read()
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_a_call_that_outlasts_the_grace_is_ended_with_a_status(host, http, servicer) -> None:
    is_inside = asyncio.Event()

    async def get_me(_request, _context):
        is_inside.set()
        await asyncio.Event().wait()

    servicer.get_me = get_me
    asking = asyncio.create_task(http.get("/api/v2/users/me"))
    await is_inside.wait()
    await host.stop(0.1)
    assert (await asking).status_code == 503


async def test_a_stop_without_grace_closes_both_ports(host, http, servicer) -> None:
    is_inside = asyncio.Event()

    async def get_me(_request, _context):
        is_inside.set()
        await asyncio.Event().wait()

    servicer.get_me = get_me
    asking = asyncio.create_task(http.get("/api/v2/users/me"))
    await is_inside.wait()
    await host.stop(0)
    assert (await asking).status_code == 503
    for listen in (host.grpc_listen, host.http_listen):
        with reserved(listen):
            pass


async def test_a_second_signal_does_not_wait(servicer, until, registry) -> None:
    is_inside = asyncio.Event()

    async def get_me(_request, _context):
        is_inside.set()
        await asyncio.Event().wait()

    servicer.get_me = get_me
    signals = StopSignals()
    readiness = Readiness({})
    service = _service(Chain([], DeadlineCaps(5, 5)), servicer, readiness, registry)
    host = Host(service, HostOptions(Listen("127.0.0.1", 0), None))
    serving = asyncio.create_task(serve(host, signals, 1000))
    await until(lambda: host.grpc_listen.port)
    async with grpc.aio.insecure_channel(str(host.grpc_listen)) as channel:
        asking = asyncio.ensure_future(UserServiceStub(channel).GetMe(GetMeRequest(), wait_for_ready=True))
        await is_inside.wait()
        signals.receive()
        await until(lambda: readiness.is_stopping)
        assert not serving.done()
        signals.receive()
        await serving
        with pytest.raises(grpc.aio.AioRpcError):
            await asking


@pytest.mark.parametrize("which", ["grpc", "http"])
async def test_a_taken_port_is_refused_by_name(chain, servicer, readiness, registry, which) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = Listen("127.0.0.1", taken.getsockname()[1])
        ports = {"grpc": Listen("127.0.0.1", 0), "http": Listen("127.0.0.1", 0)} | {which: listen}
        host = Host(_service(chain, servicer, readiness, registry), HostOptions(ports["grpc"], ports["http"]))
        with pytest.raises(PortTaken, match=f"cannot listen on {listen}: the port is taken") as refusal:
            await host.start()
    assert refusal.value.listen == listen


async def test_a_reserved_port_can_be_shared_by_two_hosts(servicer, registry) -> None:
    with reserved(Listen("127.0.0.1", 0)) as grpc_listen, reserved(Listen("127.0.0.1", 0)) as http_listen:
        hosts = [
            Host(
                _service(Chain([], DeadlineCaps(5, 5)), servicer, Readiness({}), registry),
                HostOptions(grpc_listen, http_listen, is_shared=True),
            )
            for _ in range(2)
        ]
        for host in hosts:
            await host.start()
        with pytest.raises(PortTaken), reserved(http_listen):
            pass
        for host in hosts:
            await host.stop(0)


def test_an_address_of_another_machine_is_refused() -> None:
    with (
        pytest.raises(CannotListen, match=r"cannot listen on 192\.0\.2\.1:50051"),
        reserved(Listen("192.0.2.1", 50051)),
    ):
        pass
    with pytest.raises(CannotListen), reserved(Listen("no-such-host.invalid", 50051)):
        pass


def _service(chain, servicer, readiness, registry) -> Service:
    return Service(chain, servicer.register, lambda dispatcher: Gateway(our_image(), dispatcher), readiness, registry)


async def test_an_http_server_that_does_not_come_up_is_told(monkeypatch) -> None:
    monkeypatch.setattr("server.http_port._START_SECONDS", 0.05)
    port = HttpPort(HttpApp({}, None), is_shared=True)  # type: ignore[arg-type] # nobody gets as far as to ask it
    with pytest.raises(CannotListen, match="does not come up"):
        await port.start(Listen("127.0.0.1", 0))  # a shared port has a number: 0 leads nowhere
    await port.stop(1)


async def test_metrics_can_have_an_address_of_their_own(servicer, chain, readiness, registry) -> None:
    with reserved(Listen("127.0.0.1", 0)) as metrics:
        pass
    options = HostOptions(Listen("127.0.0.1", 0), Listen("127.0.0.1", 0), metrics)
    host = Host(_service(chain, servicer, readiness, registry), options)
    await host.start()
    async with httpx.AsyncClient() as client:
        scraped = await client.get(f"http://{metrics}/metrics")
        assert "grpc_server_started_total" in scraped.text
        assert (await client.get(f"http://{host.http_listen}/metrics")).status_code == 404
        await host.stop(0)
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://{metrics}/metrics")


async def test_a_taken_port_for_metrics_is_told_and_leaves_nothing_open(servicer, chain, readiness, registry) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = Listen("127.0.0.1", taken.getsockname()[1])
        host = Host(
            _service(chain, servicer, readiness, registry), HostOptions(Listen("127.0.0.1", 0), None, metrics=listen)
        )
        with pytest.raises(PortTaken, match="the port is taken"):
            await host.start()


async def test_a_host_may_have_a_port_for_websockets(chain, servicer, readiness, registry) -> None:
    anywhere = Listen("127.0.0.1", 0)
    host = Host(_service(chain, servicer, readiness, registry), HostOptions(anywhere, anywhere, websockets=anywhere))
    await host.start()
    try:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{host.websockets_listen}/nowhere")
        assert refused.value.response.status_code == 404
    finally:
        await host.stop(0)
