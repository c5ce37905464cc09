"""Sessions."""

from uuid import UUID

from domain.identity import model
from fluentpro.v2 import session_pb2 as pb
from server.mapping.v2.times import timestamp


def session(value: model.Session, current: UUID) -> pb.Session:
    """Map a session; `current` is the id of the one that the call was made with."""
    return pb.Session(
        id=str(value.id),
        device=value.device,
        created_at=timestamp(value.created_at),
        last_seen_at=timestamp(value.last_seen_at),
        expires_at=timestamp(value.expires_at),
        current=value.id == current,
    )
