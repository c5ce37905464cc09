"""Whatever happens to a call happens alike through both doors."""

import asyncio
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import PreconditionFailure, RetryInfo

from adapters.settings import Listen
from domain.identity.errors import UserNotFound
from domain.shared.errors import DomainError, ErrorKind, InvalidRequest, Precondition, Unavailable, Violation
from fluentpro.v2.conversation_service_pb2 import SendMessageRequest, SendMessageResponse
from fluentpro.v2.user_service_pb2 import GetMeResponse
from server.grpc_health import GrpcHealth
from server.grpc_port import GrpcPort
from server.readiness import Readiness

GET_ME = "/fluentpro.v2.UserService/GetMe"
UPDATE_ME = "/fluentpro.v2.UserService/UpdateMe"
SEND_MESSAGE = "/fluentpro.v2.ConversationService/SendMessage"
RESUME_REPLY = "/fluentpro.v2.ConversationService/ResumeReply"


class OnboardingIncomplete(DomainError):
    kind = ErrorKind.FAILED_PRECONDITION
    reason = "ONBOARDING_INCOMPLETE"
    preconditions = (Precondition("STEP", "role", "Choose a role."),)


def raising(error: BaseException):
    async def handler(_request: Any, context: Any) -> Any:
        context.set_trailing_metadata([("x-note", "kept")])
        raise error

    return handler


def streaming(*texts: str, then: BaseException | None = None):
    async def handler(_request: Any, context: Any):
        for text in texts:
            answer = SendMessageResponse()
            answer.event.delta.text = text
            yield answer
        context.set_trailing_metadata([("x-note", "kept")])
        if then is not None:
            raise then

    return handler


CASES = [
    (UserNotFound("0c9f"), code_pb2.NOT_FOUND, "USER_NOT_FOUND", "The account does not exist."),
    (
        InvalidRequest((Violation("a", "X", "No."), Violation("b", "Y", "No."))),
        code_pb2.INVALID_ARGUMENT,
        "INVALID_REQUEST",
        "Invalid: a, b.",
    ),
    (Unavailable("Postgres is away.", retry_after=1.5), code_pb2.UNAVAILABLE, "UNAVAILABLE", "Postgres is away."),
    (OnboardingIncomplete("Not yet."), code_pb2.FAILED_PRECONDITION, "ONBOARDING_INCOMPLETE", "Not yet."),
    (ValueError("password=hunter2"), code_pb2.INTERNAL, "INTERNAL", "internal error"),
    (NotImplementedError("ours"), code_pb2.INTERNAL, "INTERNAL", "internal error"),
    (asyncio.CancelledError(), code_pb2.INTERNAL, "INTERNAL", "internal error"),
]


async def test_an_answer_arrives_with_the_request_id_and_the_trailers(door, servicer, recorder) -> None:
    async def get_me(_request, context):
        context.set_trailing_metadata([("x-one", "1")])
        context.set_trailing_metadata([("x-two", "2")])
        return GetMeResponse()

    servicer.get_me = get_me
    outcome = await door.unary(GET_ME, x_request_id="r-1")
    assert (outcome.messages, outcome.code) == ([b""], 0)
    assert outcome.trailers == {"x-request-id": "r-1", "x-one": "1", "x-two": "2"}
    call = await recorder.ended.get()
    assert (call.code, call.received, call.sent, call.reason) == (0, 1, 1, "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case[0]).__name__)
async def test_an_error_keeps_its_reason_and_the_trailers(door, servicer, recorder, case) -> None:
    error, *told = case
    servicer.get_me = raising(error)
    outcome = await door.unary(GET_ME, x_request_id="r-1")
    assert [outcome.code, outcome.reason, outcome.status.message] == told
    assert outcome.trailers == {"x-request-id": "r-1", "x-note": "kept"}
    call = await recorder.ended.get()
    assert [call.code, call.reason] == told[:2]


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case[0]).__name__)
async def test_a_stream_that_fails_keeps_what_was_sent(door, servicer, recorder, case) -> None:
    error, *told = case
    servicer.send_message = streaming("a", "b", then=error)
    outcome = await door.stream(SEND_MESSAGE, x_request_id="r-1")
    assert len(outcome.messages) == 2
    assert [outcome.code, outcome.reason, outcome.status.message] == told
    assert outcome.trailers == {"x-request-id": "r-1", "x-note": "kept"}
    call = await recorder.ended.get()
    assert [call.code, call.sent] == [told[0], 2]


async def test_a_stream_ends_well_with_its_trailers(door, servicer, recorder) -> None:
    servicer.send_message = streaming("a", "b", "c")
    outcome = await door.stream(SEND_MESSAGE, x_request_id="r-2")
    assert [SendMessageResponse.FromString(data).event.delta.text for data in outcome.messages] == ["a", "b", "c"]
    assert (outcome.code, outcome.trailers) == (0, {"x-request-id": "r-2", "x-note": "kept"})
    assert (await recorder.ended.get()).sent == 3


async def test_details_of_an_error_arrive(door, servicer) -> None:
    servicer.get_me = raising(CASES[2][0])
    assert (await door.unary(GET_ME)).detail(RetryInfo).retry_delay.ToMilliseconds() == 1500
    servicer.get_me = raising(CASES[3][0])
    assert (await door.unary(GET_ME)).detail(PreconditionFailure).violations[0].subject == "role"
    servicer.get_me = raising(CASES[1][0])
    assert (await door.unary(GET_ME)).fields == ["a", "b"]


async def test_an_error_with_hundreds_of_violations_still_arrives(door, servicer) -> None:
    many = tuple(
        Violation(f"custom_partners[{i}]", "TOO_SHORT", "At least 2 characters are needed.") for i in range(500)
    )
    servicer.get_me = raising(InvalidRequest(many))
    outcome = await door.unary(GET_ME)
    assert outcome.reason == "INVALID_REQUEST"
    assert outcome.fields[:2] == ["custom_partners[0]", "custom_partners[1]"]
    assert len(outcome.fields) > 20


async def test_an_error_that_repeats_a_callers_long_text_still_arrives(door, servicer) -> None:
    servicer.get_me = raising(Unavailable("ж" * 5000, metadata={"scenario_id": "ж" * 50_000}))
    assert (await door.unary(GET_ME)).reason == "UNAVAILABLE"


async def test_an_unwritten_method_is_unimplemented_without_pythons_words(door) -> None:
    for outcome in (await door.unary(UPDATE_ME), await door.stream(RESUME_REPLY)):
        assert (outcome.code, outcome.reason) == (code_pb2.UNIMPLEMENTED, "UNIMPLEMENTED")
        assert outcome.status.message == "This server does not have the method."


async def test_a_method_that_does_not_exist_is_unimplemented(door) -> None:
    assert (await door.unary("/fluentpro.v2.UserService/Nothing")).code == code_pb2.UNIMPLEMENTED
    assert (await door.stream("/fluentpro.v2.Nothing/Nothing")).code == code_pb2.UNIMPLEMENTED


async def test_bytes_that_are_no_message_are_an_invalid_argument(door, recorder) -> None:
    outcome = await door.unary(GET_ME, b"\xff\xff")
    assert (outcome.code, outcome.reason) == (code_pb2.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert (await door.stream(SEND_MESSAGE, b"\xff\xff")).code == code_pb2.INVALID_ARGUMENT
    assert (await recorder.ended.get()).code == code_pb2.INVALID_ARGUMENT


async def test_an_answer_of_another_type_is_an_internal_error(door, servicer) -> None:
    async def get_me(_request, _context):
        return None

    servicer.get_me = get_me
    assert (await door.unary(GET_ME)).status.message == "internal error"


async def test_a_call_past_its_deadline_is_cancelled_inside(door, servicer, recorder) -> None:
    inside = asyncio.Event()

    async def get_me(_request, _context):
        try:
            await asyncio.Event().wait()
        finally:
            inside.set()

    servicer.get_me = get_me
    outcome = await door.unary(GET_ME, seconds=0.05)
    assert outcome.code == code_pb2.DEADLINE_EXCEEDED
    await inside.wait()
    assert (await recorder.ended.get()).code == code_pb2.DEADLINE_EXCEEDED


async def test_a_stream_past_its_deadline_is_closed_inside(door, servicer, recorder) -> None:
    inside = asyncio.Event()

    async def send_message(_request, _context):
        try:
            yield SendMessageResponse()
            await asyncio.Event().wait()
        finally:
            inside.set()

    servicer.send_message = send_message
    outcome = await door.stream(SEND_MESSAGE, seconds=0.1)
    assert (len(outcome.messages), outcome.code) == (1, code_pb2.DEADLINE_EXCEEDED)
    await inside.wait()
    assert (await recorder.ended.get()).code == code_pb2.DEADLINE_EXCEEDED


async def test_a_handler_that_turns_its_cancellation_into_another_error_is_late_all_the_same(door, servicer) -> None:
    async def get_me(_request, _context):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError("the driver's words") from None

    servicer.get_me = get_me
    assert (await door.unary(GET_ME, seconds=0.05)).code == code_pb2.DEADLINE_EXCEEDED


async def test_the_servers_cap_holds_when_the_client_asks_for_more(door, servicer) -> None:
    seen = []

    async def get_me(_request, context):
        seen.append(context.time_remaining())
        return GetMeResponse()

    servicer.get_me = get_me
    await door.unary(GET_ME, seconds=1000)
    assert 4 < seen[0] <= 5


async def test_a_reader_that_leaves_closes_the_handler(door, servicer, recorder) -> None:
    inside = asyncio.Event()

    async def send_message(_request, _context):
        try:
            while True:
                yield SendMessageResponse()
                await asyncio.sleep(0)
        finally:
            inside.set()

    servicer.send_message = send_message
    await door.leave(SEND_MESSAGE)
    await inside.wait()
    call = await recorder.ended.get()
    assert (call.code, call.reason) == (code_pb2.CANCELLED, "CANCELLED")


async def test_a_server_that_stops_ends_streams_and_takes_no_new_ones(door, chain, servicer) -> None:
    has_begun = asyncio.Event()

    async def send_message(_request, _context):
        yield SendMessageResponse()
        has_begun.set()
        await asyncio.Event().wait()

    servicer.send_message = send_message
    reading = asyncio.create_task(door.stream(SEND_MESSAGE))
    await has_begun.wait()
    chain.end_streams()
    outcome = await reading
    assert (len(outcome.messages), outcome.code, outcome.reason) == (1, code_pb2.UNAVAILABLE, "UNAVAILABLE")
    assert outcome.detail(RetryInfo).retry_delay.seconds == 1
    assert (await door.stream(SEND_MESSAGE)).code == code_pb2.UNAVAILABLE
    assert (await door.unary(GET_ME)).code == 0


async def test_initial_metadata_can_be_sent(door, servicer) -> None:
    async def get_me(_request, context):
        await context.send_initial_metadata([("x-early", "1")])
        return GetMeResponse()

    servicer.get_me = get_me
    assert (await door.unary(GET_ME)).code == 0


async def test_a_client_may_stream_over_grpc(chain, recorder) -> None:
    async def join(requests: Any, _context: Any) -> GetMeResponse:
        answer = GetMeResponse()
        async for request in requests:
            answer.user.full_name += request.text
        return answer

    async def repeat(requests: Any, _context: Any):
        async for request in requests:
            answer = SendMessageResponse()
            answer.event.delta.text = request.text
            yield answer

    def register(server: grpc.aio.Server) -> None:
        handlers = {
            "Join": grpc.stream_unary_rpc_method_handler(join, SendMessageRequest.FromString, _serialize),
            "Repeat": grpc.stream_stream_rpc_method_handler(repeat, SendMessageRequest.FromString, _serialize),
        }
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Streams", handlers)])

    port = GrpcPort(chain, register, GrpcHealth(Readiness({}), []), is_shared=False)
    listen = await port.start(Listen("127.0.0.1", 0))
    requests = [SendMessageRequest(text=text).SerializeToString() for text in "ab"]
    async with grpc.aio.insecure_channel(str(listen)) as channel:
        joined = await channel.stream_unary("/test.Streams/Join")(iter(requests))
        assert GetMeResponse.FromString(joined).user.full_name == "ab"
        repeating = channel.stream_stream("/test.Streams/Repeat")(iter(requests))
        repeated = [SendMessageResponse.FromString(data).event.delta.text async for data in repeating]
        assert repeated == ["a", "b"]
        wrong = channel.stream_unary("/test.Streams/Join")(iter([b"\xff"]))
        assert await wrong.code() == grpc.StatusCode.INVALID_ARGUMENT
    await port.stop(0)
    joining, repeating_call = await recorder.ended.get(), await recorder.ended.get()
    assert (joining.received, joining.sent) == (2, 1)
    assert (repeating_call.received, repeating_call.sent) == (2, 2)


def _serialize(message: Any) -> bytes:
    return message.SerializeToString()
