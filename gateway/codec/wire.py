"""Messages as protobuf's own bytes, where a message from JSON may not have any that can be read."""

from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, EncodeError

from gateway.codec.fault import Fault

REQUIRED = "REQUIRED"


def serialize(message: Any, *, may_nest: bool, deterministic: bool = False) -> bytes:
    """Return a message's bytes; Fault when a required field is missing, or when nobody could read them.

    Protobuf reads 100 messages within each other. JSON gets there sooner than its own depth tells: one level of a
    Struct is three messages (its entry, the Value, the Struct inside). `may_nest` is what `nests` says of the type:
    only then is it tried.
    """
    try:
        data = bytes(message.SerializeToString(deterministic=deterministic))
    except EncodeError:
        raise Fault("the field is required", REQUIRED).under(message.FindInitializationErrors()[0]) from None
    if may_nest:
        try:
            type(message).FromString(data)
        except DecodeError:
            raise Fault("messages nest deeper than protobuf reads them") from None
    return data


def nests(message: Descriptor) -> bool:
    """Tell whether messages of a type hold others of some type that holds itself, so that no depth is the deepest."""
    return _holds_itself(message, [], set())


def _holds_itself(message: Descriptor, around: list[str], seen: set[str]) -> bool:
    if message.full_name in seen:
        return message.full_name in around
    seen.add(message.full_name)
    within = [*around, message.full_name]
    return any(_holds_itself(field.message_type, within, seen) for field in message.fields if field.message_type)
