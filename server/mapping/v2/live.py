"""The streams that show a conversation: what they say, and what is asked for in them."""

from collections.abc import Callable
from typing import Any

from domain.practice.commands import Cancel, Command, Misplaced, Regenerate
from domain.practice.conversing import Opening
from domain.practice.dialogue import Happening, Heard, RefusedCommand
from domain.practice.live_streams import Closed
from domain.practice.messages import Message
from domain.practice.model import Conversation, Generation, Turn
from domain.practice.watching import Changed, conversation_cursor
from domain.shared.errors import DomainError, ErrorKind, InvalidRequest, Violation
from fluentpro.v2 import conversation_pb2, conversation_service_pb2 as pb
from server.mapping.v2 import conversations
from server.mapping.v2.replies import put_reply_event
from server.status import told_metadata

_RETRYABLE = frozenset([ErrorKind.UNAVAILABLE, ErrorKind.ABORTED, ErrorKind.RESOURCE_EXHAUSTED])
"""Kinds of refusals after which the same may succeed, with nothing else done first."""


def put_change(into: conversation_pb2.ConversationEvent, change: Changed | Closed) -> None:
    """Write one change, or the stream's end, into an empty message."""
    _PUT[type(change)](into, change)


def put_happening(into: pb.ConverseResponse, happening: Happening) -> None:
    """Write what happened into an empty message."""
    match happening:
        case Heard(generation_id, entry):
            put_reply_event(into.reply, generation_id, entry)
        case RefusedCommand(key, refusal):
            _put_refused(into.refused, key, refusal)
        case _:
            put_change(into.change, happening)


def opening(first: pb.ConverseRequest) -> Opening:
    """Return where the stream of `first` goes on. Raises InvalidRequest when it names no conversation."""
    if not first.conversation_id:
        raise _invalid("conversation_id", "REQUIRED", "A value is required.")
    return Opening(first.conversation_id, first.open.after, first.open.reply_after)


def first_command(first: pb.ConverseRequest) -> Command | None:
    """Return what the first request asks for besides opening the stream."""
    return None if first.WhichOneof("action") in (None, "open") else command(first, first.conversation_id)


def command(request: pb.ConverseRequest, conversation_id: str) -> Command:
    """Return what a request in the stream of `conversation_id` asks for; Misplaced: that cannot be asked for there."""
    asked = request.WhichOneof("action")
    key = getattr(getattr(request, asked), "client_message_id", "") if asked else ""
    if request.conversation_id not in ("", conversation_id):
        return Misplaced(_invalid("conversation_id", "IMMUTABLE", "The stream is of another conversation."), key)
    match asked:
        case "say":
            return Message(conversation_id, key, request.say.text, request.say.interrupt)
        case "cancel":
            return Cancel(request.cancel.generation_id)
        case "regenerate":
            return Regenerate(request.regenerate.turn_id, key)
        case "open":
            return Misplaced(_invalid("open", "MISPLACED", "Only the first message can open the stream."))
    return Misplaced(_invalid("action", "REQUIRED", "Something to do is required."))


def _invalid(field: str, reason: str, message: str) -> InvalidRequest:
    return InvalidRequest((Violation(field, reason, message),))


def _put_refused(into: pb.ConverseRefused, key: str, refusal: DomainError) -> None:
    into.client_message_id = key
    into.failure.reason = refusal.reason
    into.failure.message = refusal.message
    into.failure.retryable = refusal.kind in _RETRYABLE
    into.metadata.update(told_metadata(refusal))
    if isinstance(refusal, InvalidRequest):
        into.metadata.update({violation.field: violation.reason for violation in refusal.violations})


def _put_conversation(into: conversation_pb2.ConversationEvent, conversation: Conversation) -> None:
    into.cursor = conversation_cursor(conversation.id, conversation.version)
    into.conversation.CopyFrom(conversations.conversation(conversation))


def _put_closed(into: conversation_pb2.ConversationEvent, closed: Closed) -> None:
    into.cursor = closed.cursor
    into.closed.reason = closed.reason.value
    into.closed.message = closed.reason.message


_PUT: dict[type[Changed | Closed], Callable[[conversation_pb2.ConversationEvent, Any], None]] = {
    Turn: lambda into, turn: into.turn.CopyFrom(conversations.turn(turn)),
    Generation: lambda into, generation: into.generation.CopyFrom(conversations.generation(generation)),
    Conversation: _put_conversation,
    Closed: _put_closed,
}
