"""Moments as the contract writes them."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(moment: datetime | None) -> Timestamp | None:
    """Return `moment` as a Timestamp; None stays None, which a message's constructor leaves unset."""
    if moment is None:
        return None
    # FromDatetime does the same in five times the time, and most messages hold several.
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)
