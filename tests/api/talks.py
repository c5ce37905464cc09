"""Converse as tests speak it, through either door: gRPC, and a WebSocket by HTTP."""

import asyncio
import json
from abc import ABC, abstractmethod
from typing import Any

import grpc
from api.contract import TWO_WAY
from api.doors import GrpcDoor, HttpDoor, Outcome, _failed, judged
from google.protobuf.json_format import MessageToDict, ParseDict
from google.rpc.code_pb2 import Code
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

CONVERSE = TWO_WAY["ConversationService/Converse"]
PATIENCE = 10.0


class Hearing:
    """What has come of a Converse."""

    def __init__(self, heard: list[Any]) -> None:
        self.heard = heard

    @property
    def kinds(self) -> list[str]:
        """What came."""
        return [kind_of(message) for message in self.heard]

    @property
    def text(self) -> str:
        """The words of all replies."""
        return "".join(message.reply.delta.text for message in self.heard)

    @property
    def turns(self) -> list[tuple[str, str]]:
        """What a screen shows: id and text, in order."""
        turns = {message.change.turn.id: message.change.turn for message in self.heard if kind_of(message) == _TURN}
        shown = sorted((turn for turn in turns.values() if not turn.replaced), key=lambda turn: turn.position)
        return [(turn.id, turn.text) for turn in shown]

    @property
    def cursors(self) -> tuple[str, str]:
        """The last one of the conversation and the last one of a reply."""
        changes = [message.change.cursor for message in self.heard if message.change.cursor]
        replies = [message.reply.cursor for message in self.heard if message.reply.cursor]
        return (changes or [""])[-1], (replies or [""])[-1]


class Talk(Hearing, ABC):
    """One open Converse."""

    def __init__(self, conversation_id: str) -> None:
        super().__init__([])
        self.conversation_id = conversation_id

    async def ask(self, conversation_id: str | None = None, **action: Any) -> None:
        """Send one message; `ask(say={…})`."""
        place = self.conversation_id if conversation_id is None else conversation_id
        await self.send(CONVERSE.request(conversation_id=place, **action))

    @abstractmethod
    async def send(self, request: Any) -> None: ...

    @abstractmethod
    async def take(self) -> Any:
        """Return the next message; None after the last."""

    async def hear(self) -> Any:
        """Take the next message in, and return it."""
        async with asyncio.timeout(PATIENCE):
            message = await self.take()
        assert message is not None, self.heard
        self.heard.append(message)
        return message

    async def until(self, kind: str) -> Any:
        """Read on to the first message of a kind, such as `reply.delta`; of those that came the newest is first."""
        while kind_of(await self.hear()) != kind:
            pass
        return self.heard[-1]

    async def sees(self, kind: str) -> Any:
        """Return a message of a kind that came, or read on to it."""
        came = next((message for message in self.heard if kind_of(message) == kind), None)
        return came or await self.until(kind)

    async def rest(self) -> None:
        """Take all further messages in."""
        async with asyncio.timeout(PATIENCE):
            while (message := await self.take()) is not None:
                self.heard.append(message)


_TURN = "change.turn"


def kind_of(message: Any) -> str:
    """Return what a message tells: `change.turn`, `reply.delta`, `refused`, …"""
    outer = message.WhichOneof("happening")
    inner = getattr(message, outer)
    return outer if outer == "refused" else f"{outer}.{inner.WhichOneof('event')}"


class GrpcTalk(Talk):
    """Over gRPC."""

    def __init__(self, door: GrpcDoor, conversation_id: str, token: str | None) -> None:
        super().__init__(conversation_id)
        kind = door.channel.stream_stream(CONVERSE.path, response_deserializer=CONVERSE.response.FromString)
        metadata = [] if token is None else [("authorization", f"Bearer {token}")]
        self.call = kind(metadata=metadata, timeout=60)

    async def send(self, request: Any) -> None:
        await self.call.write(request if isinstance(request, bytes) else request.SerializeToString())

    async def take(self) -> Any:
        message = await self.call.read()
        return None if message is grpc.aio.EOF else message

    async def end(self) -> None:
        """Say that there is no more."""
        await self.call.done_writing()

    async def outcome(self) -> Outcome:
        """Read to the end, and return how it ended."""
        try:
            await self.rest()
            assert await self.call.code() is grpc.StatusCode.OK
        except grpc.aio.AioRpcError as error:
            return judged(CONVERSE, _failed(self.heard, error))
        return Outcome(self.heard)

    async def leave(self) -> None:
        """Go without a word."""
        self.call.cancel()


class WebSocketTalk(Talk):
    """Over a WebSocket."""

    def __init__(self, socket: ClientConnection, conversation_id: str) -> None:
        super().__init__(conversation_id)
        self.socket = socket
        self.failure: dict[str, Any] | None = None

    @classmethod
    async def open(cls, door: HttpDoor, conversation_id: str, token: str | None) -> "WebSocketTalk":
        """Connect as a browser does, with the token in the first frame."""
        base = str(door.client.base_url).replace("http://", "ws://").rstrip("/")
        socket = await connect(base + CONVERSE.template.replace("{conversation_id}", conversation_id))
        await socket.send(json.dumps({"authorization": f"Bearer {token}" if token else ""}))
        return cls(socket, conversation_id)

    async def send(self, request: Any) -> None:
        fields = MessageToDict(request, preserving_proto_field_name=True)
        await self.socket.send(json.dumps(fields))

    async def take(self) -> Any:
        try:
            frame = json.loads(await self.socket.recv())
        except ConnectionClosed:
            return None
        if "error" in frame:
            self.failure = frame["error"]
            return None
        return ParseDict(frame, CONVERSE.response())

    async def end(self) -> None:
        """Say that there is no more."""
        await self.socket.send("")

    async def outcome(self) -> Outcome:
        """Read to the end, and return how it ended."""
        await self.rest()
        await self.socket.wait_closed()
        if self.failure is None:
            assert self.socket.close_code == 1000
            return Outcome(self.heard)
        assert self.socket.close_code == 4000 + Code.Value(self.failure["status"])
        violations = [(each["field"], each["reason"]) for each in self.failure["details"] if "@type" not in each]
        error = self.failure
        return judged(CONVERSE, Outcome([], error["status"], error["code"], error["message"], violations=violations))

    async def leave(self) -> None:
        """Go without a word."""
        self.socket.transport.abort()


async def open_talk(door: GrpcDoor | HttpDoor, conversation_id: str, token: str | None) -> Any:
    """Open one, with nothing said yet."""
    if isinstance(door, GrpcDoor):
        return GrpcTalk(door, conversation_id, token)
    return await WebSocketTalk.open(door, conversation_id, token)
