"""The short calls: one answer each, with a deadline, an access token and, where they change something, a key."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from google.protobuf.message import Message
from grpc.aio import AioRpcError, Channel

from fluentpro.v2.conversation_pb2 import Turn
from fluentpro.v2.conversation_service_pb2 import CancelReplyRequest, ListTurnsRequest, StartConversationRequest
from fluentpro.v2.conversation_service_pb2_grpc import ConversationServiceStub
from fluentpro.v2.scenario_service_pb2 import ListScenariosRequest
from fluentpro.v2.scenario_service_pb2_grpc import ScenarioServiceStub
from phone.refusal import refusal_of
from phone.session import Session
from phone.wire import CALL_SECONDS

_Answer = TypeVar("_Answer", bound=Message)


class Calls:
    """gRPC itself retries these, as the service config says: they read, or they carry an idempotency key."""

    def __init__(self, channel: Channel, session: Session) -> None:
        self._session = session
        self._conversations = ConversationServiceStub(channel)
        self._scenarios = ScenarioServiceStub(channel)

    async def first_scenario(self) -> str:
        """Return the id of the first scenario there is."""
        answer = await self._call(self._scenarios.ListScenarios, ListScenariosRequest(page_size=1))
        return answer.scenarios[0].id

    async def start(self, scenario_id: str, key: str) -> str:
        """Start a conversation and return its id; with the same key again, the same conversation's."""
        request = StartConversationRequest(scenario_id=scenario_id, idempotency_key=key)
        return (await self._call(self._conversations.StartConversation, request)).conversation.id

    async def turns(self, conversation_id: str) -> list[Turn]:
        """Return what was said, in order; all pages."""
        request, turns = ListTurnsRequest(conversation_id=conversation_id, page_size=100), list[Turn]()
        while True:
            page = await self._call(self._conversations.ListTurns, request)
            turns += page.turns
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return turns

    async def cancel(self, generation_id: str, key: str) -> None:
        """Stop a reply. One that has ended stays as it is."""
        request = CancelReplyRequest(generation_id=generation_id, idempotency_key=key)
        await self._call(self._conversations.CancelReply, request)

    async def _call(self, method: Callable[..., Awaitable[_Answer]], request: Any) -> _Answer:
        """Call; once more with new tokens when the server finds the access token too old."""
        try:
            return await method(request, timeout=CALL_SECONDS, metadata=await self._session.metadata())
        except AioRpcError as error:
            if refusal_of(error).reason != "TOKEN_EXPIRED":
                raise
            self._session.expire()
            return await method(request, timeout=CALL_SECONDS, metadata=await self._session.metadata())
