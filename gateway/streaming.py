"""Answering with a stream: one message in flight, so that a slow client slows the handler down and nothing else."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from google.protobuf.message import DecodeError

from gateway.answer import Answer
from gateway.codec.fault import EncodeError, Fault
from gateway.compression import Deflater
from gateway.errors import (
    Headers,
    Problem,
    Refusal,
    internal_problem,
    problem_of_fault,
    problem_of_refusal,
    problem_of_status,
)
from gateway.exchange import DisconnectWatch, Exchange
from gateway.renderers import EVENT_STREAM, HEARTBEAT, StreamForm
from gateway.upstream import UpstreamError

_log = logging.getLogger(__name__)

_FAIR_SHARE = 32  # messages in a row before other requests get the loop, when neither side ever waits
# Proxies must pass each message on as it comes (the second is nginx's own header).
_UNBUFFERED: Headers = [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"), (b"vary", b"accept")]


class StreamCutError(Exception):
    """A stream of raw bytes failed midway; the server cuts the connection, since nothing else can show it."""


class StreamResponse:
    """The answer to one server-streaming call.

    Status and headers wait for the first message, so that a call that fails at once has the status of its error. An
    event stream that stays silent for a heartbeat starts without one.
    """

    def __init__(self, exchange: Exchange, answer: Answer, form: StreamForm, heartbeat: float) -> None:
        self._exchange = exchange
        self._answer = answer
        self._form = form
        self._heartbeat = heartbeat
        self._is_events = form.content_type == EVENT_STREAM.encode()
        self._sending = asyncio.Lock()
        self._last_sent = 0.0
        self._deflater: Deflater | None = None

    async def serve(self, stream: AsyncGenerator[bytes, None]) -> None:
        """Send every message of `stream`; an error before anything was sent is the caller's to answer."""
        with DisconnectWatch(self._exchange.receive, 0, self._exchange.body_ended):
            beating = asyncio.create_task(self._beat()) if self._is_events else None
            try:
                async with aclosing(stream):
                    await self._pass_on(stream)
            finally:
                if beating is not None:
                    beating.cancel()

    async def _pass_on(self, stream: AsyncGenerator[bytes, None]) -> None:
        try:
            count = 0
            async for data in stream:
                await self._send(self._form.message(self._answer.parse(data)))
                count += 1
                if count % _FAIR_SHARE == 0:
                    await asyncio.sleep(0)
        except UpstreamError as error:
            await self._fail(error, problem_of_status(error.status))
        except Fault as fault:  # in a message of the client's own stream
            await self._fail(fault, problem_of_fault(fault))
        except Refusal as refusal:
            await self._fail(refusal, problem_of_refusal(refusal))
        except (EncodeError, DecodeError) as error:
            _log.exception("a message of a stream has no JSON form")
            await self._fail(error, internal_problem("the answer cannot be written as JSON"))
        else:
            await self._end()

    async def _send(self, data: bytes, *, more: bool = True) -> None:
        async with self._sending:
            await self._put(data, more=more)

    async def _put(self, data: bytes, *, more: bool) -> None:
        self._last_sent = asyncio.get_running_loop().time()
        if not self._exchange.is_started:
            self._deflater = await self._exchange.open(self._form.content_type, _UNBUFFERED)
        if self._deflater is not None:
            data = self._deflater.part(data, more=more)
        await self._exchange.send({"type": "http.response.body", "body": data, "more_body": more})

    async def _end(self) -> None:
        exchange = self._exchange
        if self._is_events and not exchange.is_started and b"last-event-id" in exchange.headers.all:
            await exchange.empty(204, [])  # tells a browser that there is nothing more to reconnect for
        else:
            await self._send(self._form.closing(), more=False)

    async def _fail(self, error: Exception, problem: Problem) -> None:
        exchange = self._exchange
        if not exchange.is_started:
            raise error
        data = self._form.failure(exchange.envelope.stream_failure(problem, exchange.facts))
        if data is None:
            raise StreamCutError from error
        await self._send(data, more=False)

    async def _beat(self) -> None:
        """Send a comment whenever the stream was silent for a heartbeat."""
        loop = asyncio.get_running_loop()
        self._last_sent = loop.time()
        with suppress(OSError):  # the client is gone: the watch sees to that
            while True:
                silence = loop.time() - self._last_sent
                if silence < self._heartbeat:
                    await asyncio.sleep(self._heartbeat - silence)
                    continue
                async with self._sending:
                    await self._put(HEARTBEAT, more=True)
