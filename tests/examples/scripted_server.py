"""A server that says on each stream what a test wrote down, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from fluentpro.v2.auth_service_pb2 import RefreshTokensResponse, SignUpResponse
from fluentpro.v2.auth_service_pb2_grpc import AuthServiceServicer, add_AuthServiceServicer_to_server
from fluentpro.v2.conversation_pb2 import Conversation
from fluentpro.v2.conversation_service_pb2 import (
    ListTurnsResponse,
    RegenerateReplyResponse,
    ResumeReplyResponse,
    SendMessageResponse,
    StartConversationResponse,
)
from fluentpro.v2.conversation_service_pb2_grpc import (
    ConversationServiceServicer,
    add_ConversationServiceServicer_to_server,
)
from fluentpro.v2.reply_pb2 import ReplyEvent
from fluentpro.v2.tokens_pb2 import Tokens


@dataclass(frozen=True)
class Refused:
    """How a call ends badly."""

    code: grpc.StatusCode
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    retry_after: int = 0
    pushback: str = ""

    async def end(self, context: grpc.aio.ServicerContext) -> None:
        details = [ErrorInfo(reason=self.reason, domain="fluentpro", metadata=self.metadata)]
        retry = RetryInfo()
        retry.retry_delay.seconds = self.retry_after
        status = Status(code=self.code.value[0], message="As written.")
        for detail in (*details, retry) if self.reason else ():
            packed = AnyMessage()
            packed.Pack(detail)
            status.details.append(packed)
        pushback = [("grpc-retry-pushback-ms", self.pushback)] if self.pushback else []
        trailers = [("grpc-status-details-bin", status.SerializeToString()), *pushback]
        await context.abort(self.code, "As written.", tuple(trailers))


@dataclass(frozen=True)
class Asked:
    """One call: what was asked, by whom, with how many seconds left, and when."""

    name: str
    request: Any
    token: str
    seconds: float | None
    at: float


def reply(generation: str, *events: tuple[str, dict[str, Any]], first: int = 1) -> list[ReplyEvent]:
    """Return events of a reply, numbered from `first`."""
    return [
        ReplyEvent(
            generation_id=generation, attempt=1, sequence=place, cursor=f"{generation}:1-{place}", **{kind: value}
        )
        for place, (kind, value) in enumerate(events, first)
    ]


class ScriptedServer(AuthServiceServicer, ConversationServiceServicer):
    """`streams` are played in order, whatever opens them; `trouble` are how the next short calls of a name end."""

    def __init__(self) -> None:
        self.streams: list[list[ReplyEvent | Refused]] = []
        self.trouble: dict[str, list[Refused]] = {}
        self.asked: list[Asked] = []
        self._tokens = 0

    def named(self, name: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.name == name]

    @property
    def replies_asked(self) -> list[Any]:
        """What opened each stream."""
        return [asked.request for asked in self.asked if "Reply" in asked.name or asked.name == "SendMessage"]

    async def SignUp(self, request, context):  # noqa: N802 - as the contract names it
        await self._note("SignUp", request, context)
        return SignUpResponse(tokens=self._next_tokens())

    async def RefreshTokens(self, request, context):  # noqa: N802 - as the contract names it
        await self._note("RefreshTokens", request, context)
        return RefreshTokensResponse(tokens=self._next_tokens())

    async def StartConversation(self, request, context):  # noqa: N802 - as the contract names it
        await self._note("StartConversation", request, context)
        return StartConversationResponse(conversation=Conversation(id="c"))

    async def ListTurns(self, request, context):  # noqa: N802 - as the contract names it
        await self._note("ListTurns", request, context)
        return ListTurnsResponse()

    async def SendMessage(self, request, context):  # noqa: N802 - as the contract names it
        async for event in self._play("SendMessage", request, context):
            yield SendMessageResponse(event=event)

    async def ResumeReply(self, request, context):  # noqa: N802 - as the contract names it
        async for event in self._play("ResumeReply", request, context):
            yield ResumeReplyResponse(event=event)

    async def RegenerateReply(self, request, context):  # noqa: N802 - as the contract names it
        async for event in self._play("RegenerateReply", request, context):
            yield RegenerateReplyResponse(event=event)

    async def _play(self, name, request, context) -> AsyncIterator[ReplyEvent]:
        await self._note(name, request, context)
        for step in self.streams.pop(0):
            if isinstance(step, Refused):
                await step.end(context)
            else:
                yield step

    async def _note(self, name, request, context) -> None:
        token = dict(context.invocation_metadata()).get("authorization", "")
        now = asyncio.get_running_loop().time()
        self.asked.append(Asked(name, request, token, context.time_remaining(), now))
        if self.trouble.get(name):
            await self.trouble[name].pop(0).end(context)

    def _next_tokens(self) -> Tokens:
        self._tokens += 1
        return Tokens(access_token=f"a{self._tokens}", refresh_token=f"r{self._tokens}", expires_in=600)


@asynccontextmanager
async def scripted() -> AsyncIterator[tuple[ScriptedServer, str]]:
    """Give a server and its address."""
    script, server = ScriptedServer(), grpc.aio.server()
    add_AuthServiceServicer_to_server(script, server)
    add_ConversationServiceServicer_to_server(script, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield script, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
