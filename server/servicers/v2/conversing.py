"""ConversationService.Converse."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from domain.practice.commands import Command
from domain.practice.conversing import Converse
from fluentpro.v2 import conversation_service_pb2 as pb
from server.caller import Context, user_of
from server.live_streams import LiveStreams
from server.mapping.v2.live import command, first_command, opening, put_happening


class Conversing:
    """Streams a whole conversation, and takes what the learner asks for."""

    def __init__(self, converse: Converse, streams: LiveStreams) -> None:
        self._converse = converse
        self._streams = streams

    async def __call__(
        self, requests: AsyncIterator[pb.ConverseRequest], context: Context
    ) -> AsyncIterator[pb.ConverseResponse]:
        """Stream what happens. The first request opens the stream."""
        first = await anext(requests, pb.ConverseRequest())
        place = opening(first)
        async with self._streams.open(context, place.conversation_id) as ending:
            happenings = self._converse(user_of(context), place, _commands(first, requests), ending)
            async with aclosing(happenings):
                async for happening in happenings:
                    answer = pb.ConverseResponse()
                    put_happening(answer, happening)
                    yield answer


async def _commands(first: pb.ConverseRequest, rest: AsyncIterator[pb.ConverseRequest]) -> AsyncIterator[Command]:
    if (asked := first_command(first)) is not None:
        yield asked
    async for request in rest:
        yield command(request, first.conversation_id)
