"""ConversationService.WatchConversation."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from domain.practice.watching import WatchConversation
from fluentpro.v2 import conversation_service_pb2 as pb
from server.caller import Context, user_of
from server.live_streams import LiveStreams
from server.mapping.v2.live import put_change


class Watching:
    """Streams what changes in a conversation."""

    def __init__(self, watch: WatchConversation, streams: LiveStreams) -> None:
        self._watch = watch
        self._streams = streams

    async def __call__(
        self, request: pb.WatchConversationRequest, context: Context
    ) -> AsyncIterator[pb.WatchConversationResponse]:
        """Stream the changes."""
        async with self._streams.open(context, request.conversation_id) as ending:
            changes = self._watch(user_of(context), request.conversation_id, request.after, ending)
            async with aclosing(changes):
                async for change in changes:
                    answer = pb.WatchConversationResponse()
                    put_change(answer.event, change)
                    yield answer
