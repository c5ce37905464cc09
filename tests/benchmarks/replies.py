"""Streamed replies through the durable log: how long until the first word is there, and until the last."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

import grpc.aio

from fluentpro.v2.conversation_service_pb2 import SendMessageRequest
from fluentpro.v2.conversation_service_pb2_grpc import ConversationServiceStub

from .figures import percentile, ratio
from .http_load import HttpRequest
from .learner import Learner
from .load import LoadFailed
from .plan import Plan
from .servers.product import Product
from .table import Table, number

NOTE = """\
One learner, one message at a time, the doors in turn. Each message is the whole way: the learner's turn and the
generation in one transaction, the model's words (scripted, no pause between them) through the log in Valkey, the
partner's turn in a transaction, and the last event. Milliseconds from the request."""

_TEXT = "Good morning, and welcome! May I see your passport, please?"
_TALK = 10  # messages of one conversation; what was said before is part of what the model reads
_GOOD = b"HTTP/1.1 200"
_FIRST = b"event: delta"
_LAST = b"event: completed"
_END = b"\r\n0\r\n\r\n"  # of a chunked body


@dataclass(frozen=True, slots=True)
class Reply:
    """Seconds from the request to the first word, and to the end of the stream."""

    first: float
    whole: float


class Door(Protocol):
    """A way to send a message."""

    async def send(self, conversation_id: str) -> Reply:
        """Say something and read the reply. Raises LoadFailed when it does not complete."""
        ...


@dataclass(frozen=True, slots=True)
class GrpcDoor:
    """SendMessage over gRPC."""

    stub: ConversationServiceStub
    metadata: tuple[tuple[str, str], ...]

    async def send(self, conversation_id: str) -> Reply:
        """See Door."""
        started, first, last = time.perf_counter(), 0.0, ""
        request = SendMessageRequest(conversation_id=conversation_id, client_message_id=str(uuid4()), text=_TEXT)
        async for answer in self.stub.SendMessage(request, metadata=self.metadata):
            last = answer.event.WhichOneof("event") or ""
            if last == "delta" and not first:
                first = time.perf_counter() - started
        if last != "completed":
            raise LoadFailed(f"the reply ended with {last!r}")
        return Reply(first, time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class HttpDoor:
    """SendMessage as server-sent events, on a connection that is kept."""

    port: int
    headers: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, conversation_id: str) -> Reply:
        """See Door."""
        body = json.dumps({"client_message_id": str(uuid4()), "text": _TEXT}).encode()
        path = f"/api/v2/conversations/{conversation_id}/messages"
        message = HttpRequest(self.port, "POST", path, self.headers, body).message()
        started, first, received = time.perf_counter(), 0.0, bytearray()
        self.writer.write(message)
        while not received.endswith(_END):
            received += (data := await self.reader.read(1 << 16))
            if not data or not received.startswith(_GOOD):
                raise LoadFailed(received[:500].decode(errors="replace"))
            if not first and _FIRST in received:
                first = time.perf_counter() - started
        if _LAST not in received:
            raise LoadFailed(received[-500:].decode(errors="replace"))
        return Reply(first, time.perf_counter() - started)


async def listen(plan: Plan, product: Product, learner: Learner) -> tuple[list[Reply], list[Reply]]:
    """Send `plan.messages` by each door, in turn; return the replies over gRPC and over HTTP. Raises LoadFailed."""
    heard: tuple[list[Reply], list[Reply]] = ([], [])
    async with open_doors(product.grpc_port, product.http_port, learner) as (grpc_door, (http_door,)):
        doors = (grpc_door, http_door)
        await _talk(doors, learner, 2)  # the first ones find everything cold
        while len(heard[0]) < plan.messages:
            for replies, more in zip(heard, await _talk(doors, learner, _TALK), strict=True):
                replies.extend(more)
    return heard


async def _talk(doors: Sequence[Door], learner: Learner, messages: int) -> list[list[Reply]]:
    """Have one conversation by each door."""
    conversations = [await asyncio.to_thread(learner.start_conversation) for _ in doors]
    rounds = [
        [await door.send(conversation) for door, conversation in zip(doors, conversations, strict=True)]
        for _ in range(messages)
    ]
    return [list(replies) for replies in zip(*rounds, strict=True)]


@asynccontextmanager
async def open_doors(
    grpc_port: int, http_port: int, learner: Learner, connections: int = 1
) -> AsyncIterator[tuple[GrpcDoor, list[HttpDoor]]]:
    """Give a gRPC door, which carries any number of streams at once, and HTTP doors, which carry one each."""
    headers = {**learner.headers, "content-type": "application/json", "accept": "text/event-stream"}
    opened = [await asyncio.open_connection("127.0.0.1", http_port) for _ in range(connections)]
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{grpc_port}") as channel:
            door = GrpcDoor(ConversationServiceStub(channel), tuple(learner.headers.items()))
            yield door, [HttpDoor(http_port, headers, reader, writer) for reader, writer in opened]
    finally:
        for _, writer in opened:
            writer.close()


def replies_table(over_grpc: Sequence[Reply], over_http: Sequence[Reply]) -> Table:
    """Return what was measured."""
    rows = (
        *_rows("first word", [reply.first for reply in over_grpc], [reply.first for reply in over_http]),
        *_rows("whole reply", [reply.whole for reply in over_grpc], [reply.whole for reply in over_http]),
    )
    note = f"{NOTE} {len(over_grpc)} messages by each door."
    return Table("Streamed replies", ("", "gRPC ms", "HTTP (SSE) ms", "HTTP : gRPC"), rows, note)


def _rows(name: str, over_grpc: Sequence[float], over_http: Sequence[float]) -> Iterator[tuple[str, ...]]:
    for percent in (50, 95):
        grpc_time, http_time = percentile(over_grpc, percent), percentile(over_http, percent)
        milliseconds = (number(seconds * 1e3, 1) for seconds in (grpc_time, http_time))
        yield (f"{name}, p{percent}", *milliseconds, number(ratio(http_time, grpc_time), 2))
