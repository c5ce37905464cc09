"""The order of things around a handler, and how a call is ended from outside."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from google.rpc import code_pb2

from domain.shared.errors import Unavailable
from server.call import Call
from server.chain import Chain, DeadlineCaps, Interceptor
from server.failed import Failed
from server.method import Method

CAPS = DeadlineCaps(unary=30, stream=600)


def method(behaviour: Callable[..., Any], *, client_streams: bool = False, server_streams: bool = False) -> Method:
    """A method whose messages are texts."""
    return Method("/a.B/C", behaviour, bytes.decode, str.encode, client_streams, server_streams)


async def echo(request: str, _call: Call) -> str:
    return request


class Noted(Interceptor):
    def __init__(self, name: str, notes: list[str], error: Exception | None = None) -> None:
        self._name = name
        self._notes = notes
        self._error = error

    async def begin(self, call: Call) -> None:
        self._notes.append(f"{self._name} begins")
        if self._error is not None:
            raise self._error

    def end(self, call: Call) -> None:
        self._notes.append(f"{self._name} ends with {code_pb2.Code.Name(call.code)}")


class FailsAtTheEnd(Interceptor):
    def end(self, call: Call) -> None:
        raise ValueError("a fault of ours")


class Answers(Interceptor):
    async def begin(self, call: Call) -> str:
        return "answered before"


async def test_interceptors_begin_in_order_and_end_in_reverse(make_call) -> None:
    notes: list[str] = []
    chain = Chain([Noted("a", notes), Interceptor(), Noted("b", notes)], CAPS)
    assert await chain.unary(method(echo), b"x", make_call()) == b"x"
    assert notes == ["a begins", "b begins", "b ends with OK", "a ends with OK"]


async def test_those_after_a_refusal_neither_begin_nor_end(make_call) -> None:
    notes: list[str] = []
    chain = Chain([Noted("a", notes), Noted("b", notes, Unavailable("Away.")), Noted("c", notes)], CAPS)
    with pytest.raises(Failed) as failed:
        await chain.unary(method(echo), b"x", make_call())
    assert failed.value.reason == "UNAVAILABLE"
    assert notes == ["a begins", "b begins", "b ends with UNAVAILABLE", "a ends with UNAVAILABLE"]


async def test_an_interceptor_that_fails_at_the_end_takes_nothing_away(make_call, caplog) -> None:
    notes: list[str] = []
    chain = Chain([Noted("a", notes), FailsAtTheEnd()], CAPS)
    assert await chain.unary(method(echo), b"x", make_call("/a.B/C")) == b"x"
    assert notes[-1] == "a ends with OK"
    assert "an interceptor failed at the end of /a.B/C" in caplog.text


async def test_an_interceptor_may_answer_in_the_handlers_place(make_call) -> None:
    notes: list[str] = []
    call = make_call()
    chain = Chain([Noted("a", notes), Answers(), Noted("b", notes)], CAPS)
    assert await chain.unary(method(echo), b"x", call) == b"answered before"
    assert notes == ["a begins", "a ends with OK"]


async def test_a_fault_is_logged_once_with_the_request(make_call, caplog) -> None:
    async def fail(_request: str, _call: Call) -> str:
        raise ValueError("of ours")

    call = make_call("/a.B/C")
    call.request_id = "r-1"
    with caplog.at_level(logging.ERROR), pytest.raises(Failed, match="internal error"):
        await Chain([], CAPS).unary(method(fail), b"x", call)
    (record,) = caplog.records
    assert (record.getMessage(), vars(record)["request_id"]) == ("/a.B/C failed", "r-1")
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "of ours"


async def test_messages_of_a_clients_stream_are_counted(make_call) -> None:
    async def join(requests: AsyncIterator[str], _call: Call) -> str:
        return "+".join([request async for request in requests])

    async def send() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    call = make_call()
    assert await Chain([], CAPS).unary(method(join, client_streams=True), send(), call) == b"a+b"
    assert (call.received, call.sent, call.request) == (2, 1, None)


@pytest.mark.parametrize(("asked", "unary", "stream"), [(None, 30, 600), (5, 5, 5), (100, 30, 100), (9999, 30, 600)])
def test_deadlines_are_capped(asked: float | None, unary: float, stream: float) -> None:
    chain = Chain([], CAPS)
    assert chain.time_allowed(asked, is_stream=False) == unary
    assert chain.time_allowed(asked, is_stream=True) == stream


def test_a_method_may_have_a_cap_of_its_own() -> None:
    chain = Chain([], replace(CAPS, own={"/a.B/Watch": 3600.0}))
    assert chain.time_allowed(None, is_stream=True, method="/a.B/Watch") == 3600
    assert chain.time_allowed(5, is_stream=True, method="/a.B/Watch") == 5
    assert chain.time_allowed(None, is_stream=True, method="/a.B/Other") == 600


async def test_a_handler_that_answers_in_spite_of_its_deadline_leaves_its_task_usable(make_call) -> None:
    async def stubborn(_request: str, _call: Call) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "late"
        return ""

    call = make_call()
    call.deadline = call.started + 0.01
    assert await Chain([], CAPS).unary(method(stubborn), b"", call) == b"late"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_a_refusal_at_the_deadline_stays_what_it_is(make_call) -> None:
    async def refuse(_request: str, _call: Call) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise Unavailable("Away.") from None
        return ""

    call = make_call()
    call.deadline = call.started + 0.01
    with pytest.raises(Failed) as failed:
        await Chain([], CAPS).unary(method(refuse), b"", call)
    assert failed.value.reason == "UNAVAILABLE"


async def test_a_client_that_leaves_at_the_deadline_has_its_way(make_call) -> None:
    chain = Chain([], CAPS)
    is_inside = asyncio.Event()

    async def wait(_request: str, _call: Call) -> str:
        is_inside.set()
        await asyncio.Event().wait()
        return ""

    running = asyncio.create_task(chain.unary(method(wait), b"", make_call()))
    await is_inside.wait()
    running.cancel()
    chain.end_all()
    chain.end_all()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_deadline_does_not_cancel_the_reader_of_a_stream(make_call) -> None:
    call = make_call()
    call.deadline = call.started + 0.01
    has_passed = asyncio.get_running_loop().call_later
    reading = asyncio.Event()
    read = []
    with pytest.raises(Failed) as failed:
        async with aclosing(Chain([], CAPS).stream(method(_forever, server_streams=True), b"", call)) as answers:
            async for data in answers:
                read.append(data)
                has_passed(0.05, reading.set)
                await reading.wait()  # busy with the message until after the deadline
    assert failed.value.reason == "DEADLINE_EXCEEDED"
    assert read == [b"0"]


async def test_a_reader_that_takes_nothing_is_cut_off_in_the_end(make_call, monkeypatch) -> None:
    monkeypatch.setattr("server.interruption.STALLED_READER_SECONDS", 0.02)
    call = make_call()
    call.deadline = call.started + 0.01

    async def read() -> None:
        async with aclosing(Chain([], CAPS).stream(method(_forever, server_streams=True), b"", call)) as answers:
            async for _ in answers:
                await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(read())
    assert call.reason == "CANCELLED"


async def test_a_reader_that_takes_nothing_for_long_is_cut_off_before_its_deadline(make_call, monkeypatch) -> None:
    monkeypatch.setattr("server.interruption.LONGEST_STALL_SECONDS", 0.05)
    monkeypatch.setattr("server.running.STALL_LOOK_SECONDS", 0.01)
    call, read = make_call(), []

    async def take_two() -> None:
        async with aclosing(Chain([], CAPS).stream(method(_forever, server_streams=True), b"", call)) as answers:
            async for data in answers:
                read.append(data)
                if len(read) == 2:
                    await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(take_two())
    assert (read, call.reason) == ([b"0", b"1"], "CANCELLED")


async def test_a_handler_that_says_nothing_for_long_is_not_cut_off(make_call, monkeypatch) -> None:
    monkeypatch.setattr("server.interruption.LONGEST_STALL_SECONDS", 0.02)
    monkeypatch.setattr("server.running.STALL_LOOK_SECONDS", 0.01)

    async def late(_request: str, _call: Call) -> AsyncIterator[str]:
        for word in "ab":
            said = asyncio.Event()
            asyncio.get_running_loop().call_later(0.06, said.set)
            await said.wait()
            yield word

    async with aclosing(Chain([], CAPS).stream(method(late, server_streams=True), b"", make_call())) as answers:
        assert [data async for data in answers] == [b"a", b"b"]


async def test_a_reader_that_goes_on_is_not_cut_off_later(make_call, monkeypatch) -> None:
    monkeypatch.setattr("server.interruption.STALLED_READER_SECONDS", 0.01)
    chain = Chain([], CAPS)
    with pytest.raises(Failed):
        async with aclosing(chain.stream(method(_forever, server_streams=True), b"", make_call())) as answers:
            async for _ in answers:
                chain.end_streams()
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.03, later.set)
    await later.wait()


async def _forever(_request: str, _call: Call) -> AsyncIterator[str]:
    count = 0
    while True:
        yield str(count)
        count += 1
