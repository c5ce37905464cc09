"""The chain: what happens around every handler, once, for both doors.

Interceptors begin in order and end in reverse; what a handler raises becomes a status here and nowhere else.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from google.rpc.code_pb2 import DEADLINE_EXCEEDED, INTERNAL, OK, UNIMPLEMENTED

from domain.shared.errors import TransactionConflict
from domain.shared.retrying import TRIES, retried
from server.call import Call
from server.failed import Failed
from server.interruption import Interruptible, Interruption, ServerStopping
from server.method import Method
from server.running import Running
from server.status import failure_of

_logger = logging.getLogger(__name__)

# A client ends its call at the deadline too, by its own clock, and grpc's core at the same moment as we do. A call that
# is cancelled with so little time left, in seconds, ran out of time.
_DEADLINE_SLACK = 0.02


class Interceptor:
    """Something that happens around every call. Both halves are optional; one object serves all calls."""

    def concerns(self, method: str) -> bool:
        """Tell whether calls of a method, such as `/a.B/C`, come here; asked once a method."""
        return True

    async def begin(self, call: Call) -> Any | None:
        """Run before the handler. May raise a DomainError; a message that it returns is the answer of a unary call."""

    def end(self, call: Call) -> None:
        """Run after the handler when `begin` had its turn, whatever happened. Never raises.

        A stream may be closed from another context, so everything to know comes from `call`, not from contextvars.
        """


@dataclass(frozen=True, slots=True)
class DeadlineCaps:
    """The longest that calls may take, in seconds; also what they get when the client sets no deadline."""

    unary: float
    stream: float
    own: Mapping[str, float] = field(default_factory=dict)
    """By method, of those that have one of their own."""


_Begin = Callable[[Call], Awaitable[Any | None]]
_End = Callable[[Call], None]


@dataclass(frozen=True, slots=True)
class _Steps:
    """The halves of the interceptors of one method; None where one has no such half."""

    begins: tuple[_Begin | None, ...]
    ends: tuple[_End | None, ...]


class Chain:
    """Runs methods within their interceptors."""

    def __init__(self, interceptors: Iterable[Interceptor], caps: DeadlineCaps) -> None:
        self._interceptors = tuple(interceptors)
        self._caps = caps
        self._steps: dict[str, _Steps] = {}
        """By method, of those that were called."""
        self._running = Running()
        self._is_draining = False

    def time_allowed(self, asked: float | None, *, is_stream: bool, method: str = "") -> float:
        """Return the seconds that a call gets whose client asks for `asked`."""
        cap = self._caps.own.get(method) or (self._caps.stream if is_stream else self._caps.unary)
        return cap if asked is None or asked > cap else asked

    async def unary(self, method: Method, request: bytes | AsyncIterator[bytes], call: Call) -> bytes:
        """Return the answer of a method that answers once.

        Raises the door's error when it failed, and CancelledError when it was cancelled.
        """
        begun = 0
        steps = self._steps.get(method.name) or self._steps_of(method)
        running = self._start(call, is_stream=False)
        _bind(method, request, call)
        try:
            answer = None
            for begin in steps.begins:
                begun += 1
                if begin is not None and (answer := await begin(call)) is not None:
                    break
            if answer is None:
                answer = await _behave(method, request, call)
            data = method.serialize(answer)
        except BaseException as error:
            if (failed := _failed(error, running, call)) is None:
                raise
            raise call.failure(failed) from None
        else:
            call.sent = 1
            call.code = OK
            return data
        finally:
            self._finish(running, call, steps.ends[:begun])

    async def stream(
        self, method: Method, request: bytes | AsyncIterator[bytes], call: Call
    ) -> AsyncGenerator[bytes, None]:
        """Yield the answers of a method that streams them. Raises as `unary` does; closing it closes the handler."""
        begun = 0
        steps = self._steps.get(method.name) or self._steps_of(method)
        running = self._start(call, is_stream=True)
        _bind(method, request, call)
        try:
            running.enter()
            for begin in steps.begins:
                begun += 1
                if begin is not None:
                    await begin(call)
            async with aclosing(method.behaviour(_input(method, request, call), call)) as answers:
                async for answer in answers:
                    data = method.serialize(answer)
                    del answer  # a kilobyte, which a stream that waits for its next message need not keep
                    call.sent += 1
                    running.leave()
                    yield data
                    running.enter()
            call.code = OK
        except BaseException as error:
            if (failed := _failed(error, running, call)) is None:
                raise
            raise call.failure(failed) from None
        finally:
            self._finish(running, call, steps.ends[:begun])

    def end_streams(self) -> None:
        """Have every stream end with UNAVAILABLE, those that are yet to come too: the server stops."""
        self._is_draining = True
        self._interrupt(ServerStopping(), [running for running in self._running.calls if running.is_stream])

    def end_all(self) -> None:
        """Have every call end with UNAVAILABLE."""
        self._interrupt(ServerStopping(), list(self._running.calls))

    def _interrupt(self, reason: Interruption, calls: list[Interruptible]) -> None:
        for running in calls:
            running.interrupt(reason)

    def _steps_of(self, method: Method) -> _Steps:
        used = [each for each in self._interceptors if each.concerns(method.name)]
        begins = tuple(each.begin if _overrides(each, "begin") else None for each in used)
        ends = tuple(each.end if _overrides(each, "end") else None for each in used)
        self._steps[method.name] = steps = _Steps(begins, ends)
        return steps

    def _start(self, call: Call, *, is_stream: bool) -> Interruptible:
        running = Interruptible(call, is_stream=is_stream)
        self._running.add(running)
        if is_stream and self._is_draining:
            running.interrupt(ServerStopping())
        return running

    def _finish(self, running: Interruptible, call: Call, ends: Sequence[_End | None]) -> None:
        self._running.discard(running)
        running.disarm()
        for end in reversed(ends):
            if end is not None:
                try:
                    end(call)
                except Exception:  # the answer is there already: a fault of ours must not take it away
                    _logger.exception("an interceptor failed at the end of %s", call.method)


def _overrides(interceptor: Interceptor, half: str) -> bool:
    return getattr(type(interceptor), half) is not getattr(Interceptor, half)


def _bind(method: Method, request: Any, call: Call) -> None:
    if not method.client_streams:
        call.received = 1
        call.bind(method.parse, request)


async def _behave(method: Method, request: Any, call: Call) -> Any:
    """Run a handler that answers once; again where the database undid its transaction and the input is there."""
    if method.client_streams:
        return await method.behaviour(_input(method, request, call), call)
    try:
        return await method.behaviour(call.request, call)
    except TransactionConflict:
        return await retried(lambda: method.behaviour(call.request, call), TRIES - 1)


def _input(method: Method, request: Any, call: Call) -> Any:
    """Return what the handler takes. Raises MalformedMessage."""
    return method.parse_each(request, call) if method.client_streams else call.request


def _failed(error: BaseException, running: Interruptible, call: Call) -> Failed | None:
    """Take note of how the call failed, and return what to raise; None: `error` itself, which ends the task."""
    cause = running.cause_of(error)
    failed = failure_of(cause, is_unwritten=call.code == UNIMPLEMENTED)
    call.code = failed.status.code
    call.reason = failed.reason
    if isinstance(cause, asyncio.CancelledError) and call.time_remaining() < _DEADLINE_SLACK:
        call.code = DEADLINE_EXCEEDED
    if call.code == INTERNAL and not isinstance(cause, Failed):
        _logger.error("%s failed", call.method, exc_info=cause, extra={"request_id": call.request_id})
    return failed if isinstance(cause, Exception) else None
