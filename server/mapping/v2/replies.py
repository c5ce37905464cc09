"""The entries of a reply's log."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from domain.practice import reply
from fluentpro.v2 import reply_pb2


class _Answer(Protocol):
    """What a stream of a reply's events says."""

    @property
    def event(self) -> reply_pb2.ReplyEvent: ...


_Told = TypeVar("_Told", bound=_Answer)


def telling(answer: _Told, generation_id: str, entry: reply.LogEntry) -> _Told:
    """Return `answer`, which is empty, with the entry as its event. Who yields it at once does not keep it."""
    put_reply_event(answer.event, generation_id, entry)
    return answer


def put_reply_event(into: reply_pb2.ReplyEvent, generation_id: str, entry: reply.LogEntry) -> None:
    """Write one entry of a generation's log into an empty message.

    A reply has many entries. Written into its answer an event costs 1.3 µs; made first and copied there it costs 3.3.
    The id is text for the same reason: it is written once a reply.
    """
    position = entry.position
    into.cursor = reply.cursor(generation_id, position)
    into.generation_id = generation_id
    into.attempt = position.attempt
    into.sequence = position.sequence
    _PUT[type(entry.event)](into, entry.event)


def _put(into: Message, /, **fields: Any) -> None:
    into.SetInParent()  # an event of empty fields is one too
    for name, value in fields.items():
        setattr(into, name, value)


def _put_failed(into: reply_pb2.ReplyEvent, event: reply.Failed) -> None:
    _put(into.failed, turn_id=_id(event.turn_id))
    _put(into.failed.failure, reason=event.reason, message=event.message, retryable=event.retryable)


def _id(value: UUID | None) -> str:
    return "" if value is None else str(value)


_PUT: dict[type[reply.ReplyEvent], Callable[[reply_pb2.ReplyEvent, Any], None]] = {
    reply.Accepted: lambda into, event: _put(into.accepted, turn_id=_id(event.turn_id)),
    reply.Started: lambda into, event: _put(into.started, model=event.model, degraded=event.degraded),
    reply.TextDelta: lambda into, event: _put(into.delta, text=event.text),
    reply.Snapshot: lambda into, event: _put(into.snapshot, text=event.text),
    reply.Reset: lambda into, event: _put(into.reset, reason=event.reason),
    reply.TokenUsage: lambda into, event: _put(
        into.usage, input_tokens=event.input_tokens, output_tokens=event.output_tokens
    ),
    reply.Completed: lambda into, event: _put(
        into.completed, turn_id=_id(event.turn_id), finish_reason=event.finish_reason
    ),
    reply.Cancelled: lambda into, event: _put(into.cancelled, turn_id=_id(event.turn_id)),
    reply.Failed: _put_failed,
}
