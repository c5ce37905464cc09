"""What gRPC clients of a deprecated version see on the wire."""

from datetime import UTC, datetime

import grpc
import pytest
from google.rpc import code_pb2

from adapters.settings import Listen
from adapters.telemetry.api_use import ApiUse
from domain.shared.errors import Unavailable
from fluentpro.v2.user_service_pb2 import GetMeResponse
from gateway.deprecation import deprecation_of
from gateway.lifecycle import Lifecycle, start_of
from server.chain import Chain, DeadlineCaps
from server.grpc_health import GrpcHealth
from server.grpc_port import GrpcPort
from server.interceptors.deprecation import Deprecations
from server.interceptors.request_id import RequestIds
from server.readiness import Readiness

GET_ME = "/fluentpro.v2.UserService/GetMe"
SEND_MESSAGE = "/fluentpro.v2.ConversationService/SendMessage"
SUNSET = start_of("2028-12-31")
SAID = {"deprecation": "@1793491200", "sunset": "Sun, 31 Dec 2028 00:00:00 GMT"}


@pytest.fixture
def now() -> list[float]:
    """The time, in a list: tests turn the clock by its only element."""
    return [0.0]


@pytest.fixture
async def channel(servicer, now):
    """A channel to a service whose only version is deprecated."""
    deprecation = deprecation_of("v2", Lifecycle("DEPRECATED", "2026-11-01", "2028-12-31"), "")
    assert deprecation is not None
    use = ApiUse(lambda: datetime(2026, 11, 30, tzinfo=UTC))
    interceptors = [RequestIds(), Deprecations({"fluentpro.v2": deprecation}, use, lambda: now[0])]
    chain = Chain(interceptors, DeadlineCaps(unary=5, stream=10))
    port = GrpcPort(chain, servicer.register, GrpcHealth(Readiness({}), []), is_shared=False)
    listen = await port.start(Listen("127.0.0.1", 0))
    async with grpc.aio.insecure_channel(str(listen)) as channel:
        yield channel
    await port.stop(0)


def texts(metadata) -> dict[str, str]:
    return {key: value for key, value in metadata or () if key in (*SAID, "x-early")}


async def test_an_answer_has_it_as_initial_metadata(channel) -> None:
    call = channel.unary_unary(GET_ME)(b"")
    await call
    assert texts(await call.initial_metadata()) == SAID
    assert texts(await call.trailing_metadata()) == {}


async def test_a_stream_has_it_before_its_first_message(channel, servicer) -> None:
    call = channel.unary_stream(SEND_MESSAGE)(b"")
    assert texts(await call.initial_metadata()) == SAID
    assert len([message async for message in call]) == 2

    async def nothing(_request, _context):
        for message in ():
            yield message

    servicer.send_message = nothing
    empty = channel.unary_stream(SEND_MESSAGE)(b"")
    assert [message async for message in empty] == []
    assert texts(await empty.initial_metadata()) == SAID


async def test_a_handler_may_send_metadata_of_its_own(channel, servicer) -> None:
    async def get_me(_request, context):
        await context.send_initial_metadata([("x-early", "1")])
        return GetMeResponse()

    servicer.get_me = get_me
    call = channel.unary_unary(GET_ME)(b"")
    await call
    assert texts(await call.initial_metadata()) == {**SAID, "x-early": "1"}


async def test_a_call_that_fails_has_it_beside_its_status(channel, servicer) -> None:
    async def get_me(_request, _context):
        raise Unavailable("Try again.")

    servicer.get_me = get_me
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await channel.unary_unary(GET_ME)(b"")
    assert failure.value.code() is grpc.StatusCode.UNAVAILABLE
    assert texts(failure.value.trailing_metadata()) == SAID


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream"])
async def test_from_the_sunset_day_it_is_unimplemented(channel, now, kind) -> None:
    now[0] = float(SUNSET)
    call = getattr(channel, kind)(GET_ME if kind == "unary_unary" else SEND_MESSAGE)(b"")
    assert (await call.code()).value[0] == code_pb2.UNIMPLEMENTED
    assert await call.details() == "v2 ended on 2028-12-31."
    assert texts(await call.trailing_metadata()) == SAID
