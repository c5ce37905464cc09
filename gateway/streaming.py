"""Answering with a stream: one burst in flight, so that a slow client slows the handler down and nothing else."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from google.protobuf.message import DecodeError

from gateway.answer import Answer
from gateway.burst import BurstWriter
from gateway.caching import STREAM
from gateway.codec.fault import EncodeError
from gateway.compression import Deflater
from gateway.exchange import Exchange
from gateway.failures import FORESEEN, problem_of
from gateway.fairness import SHARE, Turns
from gateway.heartbeats import Heartbeats
from gateway.renderers import EVENT_STREAM, HEARTBEAT, StreamForm

_log = logging.getLogger(__name__)


class StreamCutError(Exception):
    """A stream of raw bytes failed midway; the server cuts the connection, since nothing else can show it."""


class StreamResponse:
    """The answer to one server-streaming call.

    Status and headers wait for the first message, so that a call that fails at once has the status of its error. An
    event stream that stays silent for a heartbeat starts without one.
    """

    def __init__(self, exchange: Exchange, answer: Answer, form: StreamForm, heartbeats: Heartbeats) -> None:
        self._exchange = exchange
        self._answer = answer
        self._form = form
        self._heartbeats = heartbeats
        self._is_events = form.content_type == EVENT_STREAM.encode()
        self._writer = BurstWriter(self._write)
        self._sending = asyncio.Lock()
        self._last_sent = 0.0
        self._beating: asyncio.Task[None] | None = None
        self._deflater: Deflater | None = None

    async def serve(self, stream: AsyncGenerator[bytes, None]) -> None:
        """Send every message of `stream`; an error before anything was sent is the caller's to answer."""
        self._last_sent = asyncio.get_running_loop().time()
        if self._is_events:
            self._heartbeats.add(self)
        count, turns = 0, Turns()
        parse, render, writer = self._answer.parse, self._form.message, self._writer
        try:
            async with aclosing(stream):
                async for data in stream:
                    writer.add(render(parse(data)))
                    if writer.must_drain:
                        await writer.drain()
                    count += 1
                    if count == 1:
                        await writer.flush()  # nobody waits longer for the first word than they must
                    elif count % SHARE == 0:
                        await turns.let_others()
            await self._end()
        except (*FORESEEN, EncodeError, DecodeError) as error:
            await self._fail(error)
        finally:
            self._heartbeats.discard(self)
            if self._beating is not None:
                self._beating.cancel()
            await writer.abandon()

    async def _write(self, data: bytes, *, more: bool = True) -> None:
        async with self._sending:
            self._last_sent = asyncio.get_running_loop().time()
            if not self._exchange.is_started:
                self._deflater = await self._exchange.open(self._form.content_type, STREAM)
            if self._deflater is not None:
                data = self._deflater.part(data, more=more)
            await self._exchange.send({"type": "http.response.body", "body": data, "more_body": more})

    async def _close(self, data: bytes) -> None:
        """Send all there is, with `data` at its end."""
        await self._writer.flush()
        await self._write(data, more=False)

    async def _end(self) -> None:
        exchange = self._exchange
        if self._is_events and not exchange.is_started and b"last-event-id" in exchange.headers.all:
            await exchange.empty(204, STREAM)  # tells a browser that there is nothing more to reconnect for
        else:
            await self._close(self._form.closing())

    async def _fail(self, error: Exception) -> None:
        exchange = self._exchange
        if not exchange.is_started:
            raise error
        if not isinstance(error, FORESEEN):
            _log.error("a message of a stream has no JSON form; request %s", exchange.facts.request_id, exc_info=error)
        data = self._form.failure(exchange.envelope.stream_failure(problem_of(error), exchange.facts))
        if data is None:
            await self._writer.flush()
            raise StreamCutError from error
        await self._close(data)

    def beat_if_silent_since(self, latest: float) -> None:
        """Send a comment if nothing else was sent after `latest`, or is about to be."""
        if self._last_sent <= latest and not self._writer.is_busy:
            loop = asyncio.get_running_loop()
            self._last_sent = loop.time()
            self._beating = loop.create_task(self._write_beat())

    async def _write_beat(self) -> None:
        with suppress(OSError):  # the client is gone: the watch sees to that
            await self._write(HEARTBEAT)
