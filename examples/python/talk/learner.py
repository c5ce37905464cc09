"""Somebody who is signed in, and the short calls they make."""

from typing import Self

from grpc.aio import Channel

from fluentpro.v2.auth_service_pb2 import SignUpRequest
from fluentpro.v2.auth_service_pb2_grpc import AuthServiceStub
from fluentpro.v2.conversation_pb2 import Turn
from fluentpro.v2.conversation_service_pb2 import (
    EndConversationRequest,
    ListTurnsRequest,
    SendMessageRequest,
    StartConversationRequest,
)
from fluentpro.v2.conversation_service_pb2_grpc import ConversationServiceStub
from fluentpro.v2.scenario_service_pb2 import ListScenariosRequest
from fluentpro.v2.scenario_service_pb2_grpc import ScenarioServiceStub
from talk.reply import Reply

CALL_SECONDS = 10.0
"""The deadline of a short call. The server's own cap is 30 s."""


class Learner:
    """One learner on one channel. Every call carries the access token, and every call has a deadline.

    The access token lives ten minutes. A client that runs longer buys the next with `AuthService.RefreshTokens`, before
    it expires or when a call fails with TOKEN_EXPIRED.
    """

    def __init__(self, channel: Channel, access_token: str) -> None:
        self._conversations = ConversationServiceStub(channel)
        self._scenarios = ScenarioServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {access_token}"),)

    @classmethod
    async def sign_up(cls, channel: Channel, email: str, password: str, full_name: str) -> Self:
        """Make an account. EMAIL_TAKEN: there is one; INVALID_REQUEST: the refusal names the wrong fields."""
        request = SignUpRequest(email=email, password=password, full_name=full_name, accept_terms=True)
        answer = await AuthServiceStub(channel).SignUp(request, timeout=CALL_SECONDS)
        return cls(channel, answer.tokens.access_token)

    async def first_scenario(self) -> str:
        """Return the id of the first scenario there is."""
        answer = await self._scenarios.ListScenarios(
            ListScenariosRequest(page_size=1), timeout=CALL_SECONDS, metadata=self._metadata
        )
        return answer.scenarios[0].id

    async def start(self, scenario_id: str) -> str:
        """Start a role-play and return its id. SCENARIO_NOT_FOUND: there is no such scenario."""
        answer = await self._conversations.StartConversation(
            StartConversationRequest(scenario_id=scenario_id), timeout=CALL_SECONDS, metadata=self._metadata
        )
        return answer.conversation.id

    async def turns(self, conversation_id: str) -> list[Turn]:
        """Return what was said, in order; at most the first hundred turns."""
        answer = await self._conversations.ListTurns(
            ListTurnsRequest(conversation_id=conversation_id, page_size=100),
            timeout=CALL_SECONDS,
            metadata=self._metadata,
        )
        return list(answer.turns)

    def say(self, conversation_id: str, message_id: str, text: str) -> Reply:
        """Say something. The reply begins when it is read."""
        message = SendMessageRequest(conversation_id=conversation_id, client_message_id=message_id, text=text)
        return Reply(self._conversations, message, self._metadata)

    async def end(self, conversation_id: str) -> None:
        """End the role-play."""
        await self._conversations.EndConversation(
            EndConversationRequest(conversation_id=conversation_id), timeout=CALL_SECONDS, metadata=self._metadata
        )
