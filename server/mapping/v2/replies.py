"""The entries of a reply's log."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from domain.practice import reply
from fluentpro.v2 import reply_pb2


def reply_event(generation_id: UUID, entry: reply.LogEntry) -> reply_pb2.ReplyEvent:
    """Map one entry of a generation's log."""
    name, message = _EVENTS[type(entry.event)](entry.event)
    return reply_pb2.ReplyEvent(
        cursor=reply.cursor(generation_id, entry.position),
        generation_id=str(generation_id),
        attempt=entry.position.attempt,
        sequence=entry.position.sequence,
        **{name: message},
    )


def _id(value: UUID | None) -> str:
    return "" if value is None else str(value)


def _failed(event: reply.Failed) -> reply_pb2.ReplyFailed:
    failure = reply_pb2.Failure(reason=event.reason, message=event.message, retryable=event.retryable)
    return reply_pb2.ReplyFailed(failure=failure, turn_id=_id(event.turn_id))


_EVENTS: dict[type[reply.ReplyEvent], Callable[[Any], tuple[str, Any]]] = {
    reply.Accepted: lambda event: ("accepted", reply_pb2.ReplyAccepted(turn_id=_id(event.turn_id))),
    reply.Started: lambda event: ("started", reply_pb2.ReplyStarted(model=event.model)),
    reply.TextDelta: lambda event: ("delta", reply_pb2.ReplyDelta(text=event.text)),
    reply.Snapshot: lambda event: ("snapshot", reply_pb2.ReplySnapshot(text=event.text)),
    reply.Reset: lambda event: ("reset", reply_pb2.ReplyReset(reason=event.reason)),
    reply.TokenUsage: lambda event: (
        "usage",
        reply_pb2.ReplyUsage(input_tokens=event.input_tokens, output_tokens=event.output_tokens),
    ),
    reply.Completed: lambda event: (
        "completed",
        reply_pb2.ReplyCompleted(turn_id=_id(event.turn_id), finish_reason=event.finish_reason),
    ),
    reply.Cancelled: lambda event: ("cancelled", reply_pb2.ReplyCancelled(turn_id=_id(event.turn_id))),
    reply.Failed: lambda event: ("failed", _failed(event)),
}
