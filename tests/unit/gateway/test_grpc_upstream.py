"""Calls over a real channel, to a server that knows no message either."""

import asyncio

import grpc
import grpc.aio
import pytest
from google.rpc import status_pb2

from gateway.errors import Refusal, problem_of_refusal
from gateway.upstream import CHANNEL_OPTIONS, GrpcUpstream, UpstreamCall, UpstreamError

_LONG = "x" * 100_000


class _Service(grpc.GenericRpcHandler):
    """`/t/Echo`, `Fail`, `Rich`, `Long`, `Count`, `Hang`, `Join`, `Chat` and `Refuse`, on bytes."""

    def __init__(self):
        self.metadata = {}
        self.hanging = asyncio.Event()
        self.gone = asyncio.Event()

    def service(self, details):
        name = details.method.rpartition("/")[2].lower()
        if name in ("count", "hang"):
            return grpc.unary_stream_rpc_method_handler(getattr(self, name))
        if name == "join":
            return grpc.stream_unary_rpc_method_handler(self.join)
        if name in ("chat", "refuse"):
            return grpc.stream_stream_rpc_method_handler(getattr(self, name))
        return grpc.unary_unary_rpc_method_handler(getattr(self, name))

    async def echo(self, request, context):
        self.metadata = dict(context.invocation_metadata())
        await context.send_initial_metadata((("x-first", "1"), ("x-bin", b"\x00")))
        context.set_trailing_metadata((("x-last", "2"),))
        return request

    async def fail(self, request, context):
        context.set_trailing_metadata((("x-request-id", "r9"),))
        await context.abort(grpc.StatusCode.NOT_FOUND, "grüße")

    async def rich(self, request, context):
        status = status_pb2.Status(code=9, message="rich")
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "plain")

    async def long(self, request, context):
        context.set_trailing_metadata((("x-last", _LONG),))
        await context.abort(grpc.StatusCode.NOT_FOUND, _LONG)

    async def count(self, request, context):
        await context.send_initial_metadata((("x-first", "1"),))
        for index in range(3):
            yield b"%d" % index
        await context.abort(grpc.StatusCode.DATA_LOSS, "lost")

    async def hang(self, request, context):
        try:
            yield b"first"
            self.hanging.set()
            await asyncio.Event().wait()
        finally:
            self.gone.set()

    async def join(self, requests, context):
        try:
            return b"".join([message async for message in requests])
        finally:
            self.gone.set()

    async def chat(self, requests, context):
        async for message in requests:
            yield message.upper()

    async def refuse(self, requests, context):
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "not you")
        yield b""


@pytest.fixture
async def service():
    return _Service()


@pytest.fixture
async def upstream(service):
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS) as channel:
        yield GrpcUpstream(channel)
    await server.stop(None)


def _call(name, timeout=5.0, **headers):
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return UpstreamCall(f"/t/{name}", named, "ipv4:127.0.0.1:1", timeout)


async def test_bytes_and_metadata_pass_both_ways(upstream, service):
    call = _call("Echo", authorization="Bearer x", trace_bin="AP8", bad_bin="!")
    assert await upstream.unary(call, b"\x08\x01") == b"\x08\x01"
    assert service.metadata["authorization"] == "Bearer x"
    assert service.metadata["trace-bin"] == b"\x00\xff"
    assert service.metadata["bad-bin"] == b""
    assert ("x-first", "1") in call.initial
    assert ("x-last", "2") in call.trailers
    assert not any(name == "x-bin" for name, _ in call.initial)


@pytest.mark.parametrize(("method", "code", "text"), [("Fail", 5, "grüße"), ("Rich", 9, "rich")])
async def test_a_failed_call_has_its_status(upstream, method, code, text):
    call = _call(method)
    with pytest.raises(UpstreamError) as caught:
        await upstream.unary(call, b"")
    status = status_pb2.Status.FromString(caught.value.status)
    assert (status.code, status.message) == (code, text)
    assert ("x-request-id", "r9") in call.trailers or method == "Rich"


async def test_an_error_may_say_much(upstream):
    call = _call("Long")
    with pytest.raises(UpstreamError) as caught:
        await upstream.unary(call, b"")
    status = status_pb2.Status.FromString(caught.value.status)
    assert (status.code, status.message) == (5, _LONG)
    assert ("x-last", _LONG) in call.trailers


async def test_headers_that_gRPC_would_not_take_are_refused_before_the_call(upstream, service):  # noqa: N802  # its name
    many = {f"x-{index}": "v" * 68 for index in range(69)}
    assert await upstream.unary(_call("Echo", **many), b"a") == b"a"
    for further in ({"x-69": "v" * 68}, {"x-69": ""}, {"x-69": "v" * 100_000}):
        service.metadata = {}
        with pytest.raises(Refusal) as caught:
            await upstream.unary(_call("Echo", **many, **further), b"")
        problem = problem_of_refusal(caught.value)
        assert (problem.http_status, problem.reason) == (431, "HEADERS_TOO_LARGE")
        with pytest.raises(Refusal):
            await anext(upstream.stream(_call("Count", **many, **further), b""))
        assert service.metadata == {}


async def test_headers_that_are_just_small_enough_reach_a_server_of_any_settings(upstream, service):
    for _ in range(20):  # beyond its soft limit a server refuses at random
        assert await upstream.unary(_call("Echo", x_long="v" * 7130), b"a") == b"a"
    assert service.metadata["x-long"] == "v" * 7130


async def test_a_stream_gives_its_messages_and_then_its_error(upstream):
    call = _call("Count")
    got = []
    with pytest.raises(UpstreamError) as caught:
        async for message in upstream.stream(call, b""):
            got.append(message)  # noqa: PERF401  # what came before the error counts
    assert got == [b"0", b"1", b"2"]
    assert status_pb2.Status.FromString(caught.value.status).code == 15
    assert ("x-first", "1") in call.initial


async def test_closing_a_stream_ends_the_call(upstream, service):
    stream = upstream.stream(_call("Hang"), b"")
    assert await anext(stream) == b"first"
    await service.hanging.wait()
    await stream.aclose()
    await asyncio.wait_for(service.gone.wait(), 5)


async def test_a_deadline_that_passes_is_an_error(upstream):
    with pytest.raises(UpstreamError) as caught:
        async for _ in upstream.stream(_call("Hang", timeout=0.05), b""):
            pass
    assert status_pb2.Status.FromString(caught.value.status).code == 4


async def _messages(*messages):
    for message in messages:
        if isinstance(message, Exception):
            raise message
        yield message


async def test_a_clients_stream_passes_through(upstream):
    assert await upstream.unary(_call("Join"), _messages(b"a", b"b")) == b"ab"
    assert await upstream.unary(_call("Join"), _messages()) == b""


async def test_both_sides_may_stream_in_turn(upstream):
    answered = asyncio.Event()

    async def messages():
        yield b"a"
        await answered.wait()
        yield b"b"

    answers = []
    async for answer in upstream.stream(_call("Chat"), messages()):
        answers.append(answer)
        answered.set()
    assert answers == [b"A", b"B"]


async def test_what_a_clients_stream_raises_ends_the_call_and_comes_out(upstream, service):
    with pytest.raises(LookupError, match="lost"):
        await upstream.unary(_call("Join"), _messages(b"a", LookupError("lost")))
    await asyncio.wait_for(service.gone.wait(), 5)
    with pytest.raises(LookupError, match="lost"):
        async for _ in upstream.stream(_call("Chat"), _messages(b"a", LookupError("lost"))):
            pass


async def test_a_service_that_refuses_a_stream_is_heard_while_its_client_still_sends(upstream):
    async def endless():
        while True:
            yield b"more"
            await asyncio.sleep(0)

    with pytest.raises(UpstreamError) as caught:
        async for _ in upstream.stream(_call("Refuse"), endless()):
            pass
    assert status_pb2.Status.FromString(caught.value.status).code == 7


async def test_a_cancelled_request_ends_its_call_and_its_stream(upstream, service):
    waiting, closed = asyncio.Event(), asyncio.Event()

    async def messages():
        try:
            yield b"a"
            waiting.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    request = asyncio.create_task(upstream.unary(_call("Join"), messages()))
    await waiting.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert closed.is_set()
    await asyncio.wait_for(service.gone.wait(), 5)
