"""Whom or what a stream is about."""

from uuid import UUID


def subject_of(stream_id: str, aggregate: str) -> UUID | None:
    """Return the id in a stream's name, such as `user-0c9f…`; None when it is not of this kind or has no UUID."""
    kind, subject = stream_id[: len(aggregate) + 1], stream_id[len(aggregate) + 1 :]
    return as_uuid(subject) if kind == f"{aggregate}-" else None


def as_uuid(value: object) -> UUID | None:
    """Return the id that a text is; None when it is none."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
