"""Many readers of paced replies at once, over either door, in one process that does little else."""

import asyncio
import json
from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, cast
from uuid import uuid4

import grpc.aio

from fluentpro.v2.conversation_service_pb2 import SendMessageRequest

from .http_load import HttpRequest
from .learner import Learner
from .load import LoadFailed
from .servers.paced import TICKS_A_TOKEN, TOKEN_BYTES, dues, now, ticks_between

ENDLESS = "6000"
"""Tokens asked of each reply: ten minutes, which none goes on for."""

_AT_ONCE = 16  # streams that are begun at the same time: a storm of beginnings is not what is measured
_BEGUN_WITHIN = 20.0
_THREADS = 8
_SEND = "/fluentpro.v2.ConversationService/SendMessage"


class NotBegun(Exception):
    """A server that is busy with the replies that go on refuses further ones, or does not come to begin them."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation that waits for its learner's message."""

    learner: Learner
    conversation_id: str


def start_talks(http_port: int, count: int, streams_a_learner: int) -> list[Talk]:
    """Have new learners start so many conversations, each of them no more than `streams_a_learner`."""
    with ThreadPoolExecutor(_THREADS) as pool:
        learners = list(pool.map(Learner.sign_up, [http_port] * -(-count // streams_a_learner)))
        talking = [learners[index % len(learners)] for index in range(count)]
        return list(map(Talk, talking, pool.map(Learner.start_conversation, talking)))


@dataclass(slots=True)
class Tally:
    """What all readers of a crowd have read; how late, in ticks, only while it is `open`."""

    tokens: int = 0
    lateness: "array[int]" = field(default_factory=lambda: array("q"))
    is_open: bool = False
    failure: LoadFailed | None = None
    refusal: str = ""

    def fail(self, why: str) -> None:
        """Take note of a stream that is not as it should be; the first one counts."""
        self.failure = self.failure or LoadFailed(why)

    def check(self) -> None:
        """Raise LoadFailed when a stream has failed."""
        if self.failure is not None:
            raise self.failure


class Reader:
    """Reads the tokens of one stream, and sees that none is missing, doubled or out of its order."""

    def __init__(self, tally: Tally) -> None:
        self.begun = asyncio.Event()
        self._tally = tally
        self._last: int | None = None
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Read what has come; a token may have been cut in two."""
        came, tally = now(), self._tally
        data = self._rest + data
        self._rest = data[1 - TOKEN_BYTES :]
        for due in dues(data):
            if self._last is not None and ticks_between(self._last, due) != TICKS_A_TOKEN:
                tally.fail(f"after the token due at {self._last} came the one due at {due}")
            self._last = due
            tally.tokens += 1
            if tally.is_open:
                tally.lateness.append(ticks_between(due, came))
        if self._last is not None:
            self.begun.set()

    def refused(self, why: str) -> None:
        """Take note that the server does not begin it."""
        self._tally.refusal = why
        self.begun.set()


class Listening(Protocol):
    """A door's way to listen to many replies."""

    async def listen(self, talk: Talk, reader: Reader) -> None:
        """Say something, and have `reader` read the reply from now on."""
        ...

    async def close(self) -> None:
        """Listen no more."""
        ...


class HttpListening:
    """Server-sent events, each reply on a connection of its own."""

    def __init__(self, port: int, tally: Tally) -> None:
        self._port = port
        self._tally = tally
        self._transports: list[asyncio.BaseTransport] = []

    async def listen(self, talk: Talk, reader: Reader) -> None:
        """See Listening."""
        headers = {**talk.learner.headers, "content-type": "application/json", "accept": "text/event-stream"}
        body = json.dumps({"client_message_id": str(uuid4()), "text": ENDLESS}).encode()
        path = f"/api/v2/conversations/{talk.conversation_id}/messages"
        message = HttpRequest(self._port, "POST", path, headers, body).message()
        loop = asyncio.get_running_loop()
        opened = await loop.create_connection(lambda: _Stream(message, reader, self._tally), "127.0.0.1", self._port)
        self._transports.append(opened[0])

    async def close(self) -> None:
        """See Listening."""
        for transport in self._transports:
            transport.close()


class _Stream(asyncio.Protocol):
    """Sends a message and reads the answer."""

    def __init__(self, message: bytes, reader: Reader, tally: Tally) -> None:
        self._message = message
        self._reader = reader
        self._tally = tally
        self._is_good = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._message)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        if self._is_good:
            self._reader.take(data)
        elif data.startswith(b"HTTP/1.1 200"):
            self._is_good = True
            self._reader.take(data)
        else:
            self._reader.refused(data[:500].decode(errors="replace"))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_good:
            self._tally.fail("the server closed a stream")


class GrpcListening:
    """Streams of one channel. Messages stay bytes: the client's CPU is not what is measured."""

    def __init__(self, channel: grpc.aio.Channel, tally: Tally) -> None:
        self._call: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(_SEND)
        self._tally = tally
        self._tasks: list[asyncio.Task[None]] = []

    async def listen(self, talk: Talk, reader: Reader) -> None:
        """See Listening."""
        request = SendMessageRequest(
            conversation_id=talk.conversation_id, client_message_id=str(uuid4()), text=ENDLESS
        ).SerializeToString()
        metadata = tuple(talk.learner.headers.items())
        self._tasks.append(asyncio.create_task(self._read(request, metadata, reader)))

    async def close(self) -> None:
        """See Listening."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _read(self, request: bytes, metadata: tuple[tuple[str, str], ...], reader: Reader) -> None:
        try:
            async for answer in self._call(request, metadata=metadata):
                reader.take(answer)
        except grpc.aio.AioRpcError as error:
            tell = self._tally.fail if reader.begun.is_set() else reader.refused
            tell(f"{_SEND}: {error.code().name} {error.details()}")
        else:
            self._tally.fail("the server ended a stream")


class Crowd:
    """Readers of one server's replies, more and more of them."""

    def __init__(self, talks: Sequence[Talk], listening: Listening, tally: Tally) -> None:
        self.size = 0
        self._talks = talks
        self._listening = listening
        self._tally = tally

    async def grow(self, size: int) -> None:
        """Be so many, each with its first token. Raises LoadFailed, and NotBegun when that takes too long."""
        free = asyncio.Semaphore(_AT_ONCE)

        async def begin(talk: Talk) -> None:
            async with free:
                reader = Reader(self._tally)
                await self._listening.listen(talk, reader)
                await reader.begun.wait()

        beginning = [asyncio.create_task(begin(talk)) for talk in self._talks[self.size : size]]
        _, late = await asyncio.wait(beginning, timeout=_BEGUN_WITHIN)
        for each in late:
            each.cancel()
        self._tally.check()
        if late:
            raise NotBegun(f"{len(late)} of {size} streams did not begin within {_BEGUN_WITHIN:.0f} s")
        if self._tally.refusal:
            raise NotBegun(self._tally.refusal)
        self.size = size
