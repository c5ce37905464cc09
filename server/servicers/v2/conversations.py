"""ConversationService."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from adapters.application import PracticeUseCases
from domain.practice.messages import Message
from domain.shared.retrying import retried
from fluentpro.v2 import conversation_service_pb2 as pb
from fluentpro.v2.conversation_service_pb2_grpc import ConversationServiceServicer
from server.answering import answer_once
from server.caller import Context, user_of
from server.live_streams import LiveStreams
from server.mapping.v2 import conversations
from server.mapping.v2.replies import telling
from server.servicers.v2.conversing import Conversing
from server.servicers.v2.pages import Listing
from server.servicers.v2.watching import Watching


class ConversationServicer(ConversationServiceServicer):
    """Live role-play."""

    def __init__(self, practice: PracticeUseCases, streams: LiveStreams) -> None:
        self._do = practice
        self._streams = streams
        self._watching = Watching(practice.watch_conversation, streams)
        self._conversing = Conversing(practice.converse, streams)

    async def StartConversation(
        self, request: pb.StartConversationRequest, context: Context
    ) -> pb.StartConversationResponse:
        """Start a role-play."""
        return await answer_once(
            context,
            lambda started: pb.StartConversationResponse(conversation=conversations.conversation(started)),
            self._do.start_conversation(user_of(context), request.scenario_id),
        )

    async def GetConversation(self, request: pb.GetConversationRequest, context: Context) -> pb.GetConversationResponse:
        """Give one conversation."""
        conversation = await self._do.get_conversation(user_of(context), request.conversation_id)
        return pb.GetConversationResponse(conversation=conversations.conversation(conversation))

    async def ListConversations(
        self, request: pb.ListConversationsRequest, context: Context
    ) -> pb.ListConversationsResponse:
        """List the learner's conversations."""
        user_id = user_of(context)
        listing = Listing.of(request, user_id)
        page = await self._do.list_conversations(user_id, listing.request)
        return pb.ListConversationsResponse(
            conversations=map(conversations.conversation, page.items), next_page_token=listing.next_token(page)
        )

    async def ListTurns(self, request: pb.ListTurnsRequest, context: Context) -> pb.ListTurnsResponse:
        """List what was said."""
        user_id = user_of(context)
        listing = Listing.of(request, user_id, request.conversation_id)
        page = await self._do.list_turns(user_id, request.conversation_id, listing.request)
        return pb.ListTurnsResponse(turns=map(conversations.turn, page.items), next_page_token=listing.next_token(page))

    async def SendMessage(
        self, request: pb.SendMessageRequest, context: Context
    ) -> AsyncIterator[pb.SendMessageResponse]:
        """Say something and stream the reply."""
        message = Message(request.conversation_id, request.client_message_id, request.text, request.interrupt)
        async with self._streams.counted(context, request.conversation_id):
            generation = await retried(lambda: self._do.send_message(user_of(context), message))
            generation_id = str(generation.id)
            async with aclosing(self._do.follow_reply(generation, None)) as entries:
                async for entry in entries:
                    yield telling(pb.SendMessageResponse(), generation_id, entry)

    async def RegenerateReply(
        self, request: pb.RegenerateReplyRequest, context: Context
    ) -> AsyncIterator[pb.RegenerateReplyResponse]:
        """Have the partner reply anew and stream that reply."""
        wish = (user_of(context), request.turn_id, request.client_message_id)
        async with self._streams.counted(context):
            generation = await retried(lambda: self._do.regenerate_reply(*wish))
            generation_id = str(generation.id)
            async with aclosing(self._do.follow_reply(generation, None)) as entries:
                async for entry in entries:
                    yield telling(pb.RegenerateReplyResponse(), generation_id, entry)

    def WatchConversation(
        self, request: pb.WatchConversationRequest, context: Context
    ) -> AsyncIterator[pb.WatchConversationResponse]:
        """Stream what changes."""
        return self._watching(request, context)

    def Converse(
        self, requests: AsyncIterator[pb.ConverseRequest], context: Context
    ) -> AsyncIterator[pb.ConverseResponse]:
        """Stream a whole conversation."""
        return self._conversing(requests, context)

    async def ResumeReply(
        self, request: pb.ResumeReplyRequest, context: Context
    ) -> AsyncIterator[pb.ResumeReplyResponse]:
        """Stream a reply from any position."""
        resumed = self._do.resume_reply(user_of(context), request.generation_id, request.after)
        generation_id = request.generation_id.lower()  # as we write it
        async with self._streams.counted(context), aclosing(resumed) as entries:
            async for entry in entries:
                yield telling(pb.ResumeReplyResponse(), generation_id, entry)

    async def CancelReply(self, request: pb.CancelReplyRequest, context: Context) -> pb.CancelReplyResponse:
        """Stop a reply."""
        return await answer_once(
            context,
            lambda stopped: pb.CancelReplyResponse(generation=conversations.generation(stopped)),
            self._do.cancel_reply(user_of(context), request.generation_id),
        )

    async def PauseConversation(
        self, request: pb.PauseConversationRequest, context: Context
    ) -> pb.PauseConversationResponse:
        """Pause a conversation."""
        return await answer_once(
            context,
            lambda paused: pb.PauseConversationResponse(conversation=conversations.conversation(paused)),
            self._do.pause_conversation(user_of(context), request.conversation_id, request.etag),
        )

    async def ResumeConversation(
        self, request: pb.ResumeConversationRequest, context: Context
    ) -> pb.ResumeConversationResponse:
        """Go on with a conversation."""
        return await answer_once(
            context,
            lambda resumed: pb.ResumeConversationResponse(conversation=conversations.conversation(resumed)),
            self._do.resume_conversation(user_of(context), request.conversation_id, request.etag),
        )

    async def EndConversation(self, request: pb.EndConversationRequest, context: Context) -> pb.EndConversationResponse:
        """End a conversation."""
        return await answer_once(
            context,
            lambda ended: pb.EndConversationResponse(conversation=conversations.conversation(ended)),
            self._do.end_conversation(user_of(context), request.conversation_id, request.etag),
        )
