"""What changes in a conversation, and the end of a stream that tells it."""

from collections.abc import Callable
from typing import Any

from domain.practice.live_streams import Closed
from domain.practice.model import Conversation, Generation, Turn
from domain.practice.watching import Changed, conversation_cursor
from fluentpro.v2 import conversation_pb2 as pb
from server.mapping.v2 import conversations


def put_change(into: pb.ConversationEvent, change: Changed | Closed) -> None:
    """Write one change, or the stream's end, into an empty message."""
    _PUT[type(change)](into, change)


def _put_conversation(into: pb.ConversationEvent, conversation: Conversation) -> None:
    into.cursor = conversation_cursor(conversation.id, conversation.version)
    into.conversation.CopyFrom(conversations.conversation(conversation))


def _put_closed(into: pb.ConversationEvent, closed: Closed) -> None:
    into.cursor = closed.cursor
    into.closed.reason = closed.reason.value
    into.closed.message = closed.reason.message


_PUT: dict[type[Changed | Closed], Callable[[pb.ConversationEvent, Any], None]] = {
    Turn: lambda into, turn: into.turn.CopyFrom(conversations.turn(turn)),
    Generation: lambda into, generation: into.generation.CopyFrom(conversations.generation(generation)),
    Conversation: _put_conversation,
    Closed: _put_closed,
}
