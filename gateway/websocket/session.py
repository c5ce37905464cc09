"""One WebSocket from its opening to its end: who calls, the call, and why it is over."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from gateway.binding import Binding
from gateway.codec.json_text import dump
from gateway.envelope import Envelope, Facts
from gateway.exchange import ClientGoneError
from gateway.failures import FORESEEN
from gateway.fairness import SHARE, Turns
from gateway.options import GatewayOptions
from gateway.request_headers import RequestHeaders, timeout_of
from gateway.routes import Match
from gateway.upstream import Upstream, UpstreamCall
from gateway.websocket.closing import GOING_AWAY, NORMAL, Closing, closing_of
from gateway.websocket.connection import Connection
from gateway.websocket.frames import FrameReader
from gateway.websocket.inbox import Inbox
from gateway.websocket.opening import authorization_of, check_origin, no_authorization
from gateway.websocket.rate import TokenBucket

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An upgrade request that found its route."""

    match: Match[Binding]
    frames: FrameReader
    """That of the route's binding."""
    query: bytes
    headers: RequestHeaders
    envelope: Envelope
    peer: str


class Session:
    """Serves one WebSocket. One message is in flight each way; no frame has an envelope, as in every stream."""

    __slots__ = ("_binding", "_call", "_connection", "_is_complete", "_options", "_upgrade", "_upstream")

    def __init__(self, upgrade: Upgrade, connection: Connection, upstream: Upstream, options: GatewayOptions) -> None:
        self._upgrade = upgrade
        self._binding = upgrade.match.target
        self._connection = connection
        self._upstream = upstream
        self._options = options
        self._call: UpstreamCall | None = None
        self._is_complete = False  # whether the client has nothing more to say

    async def run(self) -> None:
        """Serve it to its end. Cancelled, it tells the client that the server goes away."""
        request_id = self._upgrade.headers.request_id
        await self._connection.accept([(b"x-request-id", request_id.encode()), *self._binding.version.headers])
        try:
            await self._serve()
        except ClientGoneError:
            _log.debug("the client of WebSocket %s left", request_id)
        except asyncio.CancelledError:
            await self._connection.close(GOING_AWAY, "SERVER_STOPPING")
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the client is told that it is over
            if not isinstance(error, FORESEEN):
                _log.exception("a WebSocket failed unexpectedly; request %s", request_id)
            await self._fail(closing_of(error))
        else:
            await self._connection.end(NORMAL, "", hears_out=not self._is_complete)

    async def _serve(self) -> None:
        headers = self._upgrade.headers
        check_origin(headers, self._options.cors_origins)
        timeout = timeout_of(headers, self._options.max_timeout_seconds)
        inbox = self._inbox()
        metadata = headers.upstream if b"authorization" in headers.all else await self._authorized()
        self._call = UpstreamCall(self._binding.method, metadata, self._upgrade.peer, timeout)
        try:
            await self._converse(self._call, inbox)
        finally:
            self._is_complete = inbox.is_complete

    async def _authorized(self) -> dict[str, str]:
        """Return the call's metadata with what the client's first frame says."""
        seconds = self._options.websocket_authorization_seconds
        try:
            async with asyncio.timeout(seconds):
                frame = await self._connection.frame()
        except TimeoutError:
            raise no_authorization(seconds) from None
        text = authorization_of(frame)
        metadata = self._upgrade.headers.upstream
        return {**metadata, "authorization": text} if text else metadata

    def _inbox(self) -> Inbox:
        """Return what reads the messages; Fault or Refusal when path, query or headers do not fit."""
        upgrade, options = self._upgrade, self._options
        data = self._binding.request.bind(upgrade.match.segments, upgrade.query, upgrade.headers, False, b"")
        read = partial(upgrade.frames.message, upgrade.frames.parse(data))
        clock = asyncio.get_running_loop().time
        bucket = TokenBucket(options.websocket_messages_per_second, options.websocket_message_burst, clock)
        return Inbox(self._connection, read, bucket, options.max_body_bytes, is_raw=upgrade.frames.is_raw)

    async def _converse(self, call: UpstreamCall, inbox: Inbox) -> None:
        """Run the call while the client stays; whichever ends first ends the other."""
        reading = asyncio.create_task(inbox.fill())
        calling = asyncio.create_task(self._run(call, inbox))
        try:
            done, _ = await asyncio.wait({reading, calling}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _ended(reading, calling)  # a socket that is being read cannot be closed
        (calling if calling in done else reading).result()

    async def _run(self, call: UpstreamCall, inbox: Inbox) -> None:
        async with aclosing(inbox.messages()) as messages:
            if not self._binding.server_streaming:
                await self._answer(await self._upstream.unary(call, messages))
                return
            async with aclosing(self._upstream.stream(call, messages)) as answers:
                await self._pass_on(answers)

    async def _pass_on(self, answers: AsyncGenerator[bytes, None]) -> None:
        count, turns = 0, Turns()
        async for data in answers:
            await self._answer(data)
            count += 1
            if count % SHARE == 0:
                await turns.let_others()

    async def _answer(self, data: bytes) -> None:
        answer = self._binding.answer
        message = answer.parse(data)
        if answer.is_raw:
            _, raw = answer.raw(message)
            await self._connection.send(raw, is_binary=True)
        else:
            await self._connection.send(dump(answer.json(message)))

    async def _fail(self, closing: Closing) -> None:
        last = dump(self._upgrade.envelope.stream_failure(closing.problem, self._facts()))
        await self._connection.end(closing.code, closing.reason, last, hears_out=not self._is_complete)

    def _facts(self) -> Facts:
        """Return what is known about the call by now; the upstream's request id wins over the request's."""
        trailers = dict(self._call.trailers) if self._call is not None else {}
        return Facts(trailers.get("x-request-id", self._upgrade.headers.request_id))


async def _ended(*tasks: asyncio.Task[None]) -> None:
    """End these, and wait until they have."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # is looked at, so that nobody complains of one that came too late to count
