"""The gateway's way into this process, for clients that stream."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status

from gateway.codec.fault import Fault
from gateway.errors import Refusal
from gateway.exchange import ClientGoneError
from gateway.upstream import UpstreamCall, UpstreamError
from server.call import Call
from server.chain import Chain, DeadlineCaps, Interceptor
from server.dispatcher import Dispatcher


class Codes(Interceptor):
    """Notes how each call ended."""

    def __init__(self) -> None:
        self.codes: list[Any] = []

    def end(self, call: Call) -> None:
        self.codes.append(call.code)


async def join(requests: AsyncIterator[str], _call: Call) -> str:
    return "".join([request async for request in requests])


async def repeat(requests: AsyncIterator[str], _call: Call) -> AsyncIterator[str]:
    async for request in requests:
        yield request


@pytest.fixture
def codes() -> Codes:
    return Codes()


@pytest.fixture
def dispatcher(codes: Codes) -> Dispatcher:
    texts: Any = {"request_deserializer": bytes.decode, "response_serializer": str.encode}
    found = Dispatcher(Chain([codes], DeadlineCaps(unary=30, stream=600)))
    handlers: dict[str, Any] = {
        "Join": grpc.stream_unary_rpc_method_handler(join, **texts),  # type: ignore[arg-type] # grpc.aio's form
        "Repeat": grpc.stream_stream_rpc_method_handler(repeat, **texts),  # type: ignore[arg-type] # grpc.aio's form
    }
    found.add_registered_method_handlers("a.B", handlers)
    return found


def _call(name: str) -> UpstreamCall:
    return UpstreamCall(f"/a.B/{name}", {}, "ipv4:127.0.0.1:1", None)


async def _messages(*messages: bytes | Exception) -> Any:
    for message in messages:
        if isinstance(message, Exception):
            raise message
        yield message


async def test_a_clients_stream_reaches_the_handler(dispatcher: Dispatcher) -> None:
    assert await dispatcher.unary(_call("Join"), _messages(b"a", b"b")) == b"ab"
    assert [answer async for answer in dispatcher.stream(_call("Repeat"), _messages(b"a", b"b"))] == [b"a", b"b"]


@pytest.mark.parametrize(
    "error", [Refusal("too large", "BODY_TOO_LARGE"), Fault("is no text", "INVALID_VALUE"), ClientGoneError()], ids=type
)
async def test_what_a_clients_stream_raises_comes_out_and_is_the_clients_fault(
    dispatcher: Dispatcher, codes: Codes, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    with pytest.raises(type(error)) as joined:
        await dispatcher.unary(_call("Join"), _messages(b"a", error))
    answers = []
    with pytest.raises(type(error)) as repeated:
        async for answer in dispatcher.stream(_call("Repeat"), _messages(b"a", error)):
            answers.append(answer)  # noqa: PERF401  # what came before the error counts
    assert joined.value is repeated.value is error
    assert answers == [b"a"]
    assert codes.codes == [code_pb2.INVALID_ARGUMENT] * 2
    assert not caplog.records


async def test_a_fault_of_ours_in_a_clients_stream_is_ours_and_is_logged(
    dispatcher: Dispatcher, codes: Codes, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UpstreamError) as told:
        await dispatcher.unary(_call("Join"), _messages(b"a", LookupError("a bug")))
    assert Status.FromString(told.value.status).code == code_pb2.INTERNAL
    assert codes.codes == [code_pb2.INTERNAL]
    assert "a bug" in caplog.text
