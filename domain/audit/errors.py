"""What cannot be read as an event, each with a reason that operators see."""

from typing import ClassVar


class Undecodable(Exception):
    """A stored event that this code can make nothing of, however often it tries."""

    reason: ClassVar[str]


class UnknownEventType(Undecodable):
    """No class has this type."""

    reason = "UNKNOWN_EVENT_TYPE"


class EventTooNew(Undecodable):
    """It has a schema that only a newer release knows."""

    reason = "EVENT_TOO_NEW"


class EventBroken(Undecodable):
    """Its fields are not those of its type."""

    reason = "EVENT_BROKEN"


class EventTooLarge(Undecodable):
    """It is larger than any event of ours can be."""

    reason = "EVENT_TOO_LARGE"
