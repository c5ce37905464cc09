"""Conversations, turns and generations."""

from domain.practice import model
from domain.practice.chat import Author
from fluentpro.v2 import conversation_pb2 as pb
from server.mapping.v2.times import timestamp

_CONVERSATION_STATUSES = {
    status: pb.ConversationStatus.Value(f"CONVERSATION_STATUS_{status.name}") for status in model.ConversationStatus
}
_GENERATION_STATUSES = {
    status: pb.GenerationStatus.Value(f"GENERATION_STATUS_{status.name}") for status in model.GenerationStatus
}
_AUTHORS = {author: pb.Author.Value(f"AUTHOR_{author.name}") for author in Author}


def conversation(value: model.Conversation) -> pb.Conversation:
    """Map a conversation."""
    return pb.Conversation(
        id=str(value.id),
        scenario_id=value.scenario_id,
        status=_CONVERSATION_STATUSES[value.status],
        active_generation_id=str(value.active_generation_id or ""),
        created_at=timestamp(value.created_at),
        updated_at=timestamp(value.updated_at),
        ended_at=timestamp(value.ended_at),
        etag=value.etag,
    )


def turn(value: model.Turn) -> pb.Turn:
    """Map a turn."""
    return pb.Turn(
        id=str(value.id),
        conversation_id=str(value.conversation_id),
        position=value.position,
        author=_AUTHORS[value.author],
        text=value.text,
        partial=value.partial,
        client_message_id=value.client_message_id or "",
        generation_id=str(value.generation_id or ""),
        created_at=timestamp(value.created_at),
        replaced=value.replaced,
    )


def generation(value: model.Generation) -> pb.Generation:
    """Map a generation."""
    return pb.Generation(
        id=str(value.id),
        conversation_id=str(value.conversation_id),
        turn_id=str(value.turn_id),
        status=_GENERATION_STATUSES[value.status],
        attempt=value.attempt,
        created_at=timestamp(value.created_at),
        ended_at=timestamp(value.ended_at),
    )
