"""A frame of a WebSocket as a request message, together with what path and query of the upgrade request say."""

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from gateway.codec.decode import Readers
from gateway.codec.fault import Fault
from gateway.codec.json_text import parse
from gateway.codec.well_known import SPECIAL
from gateway.codec.wire import nests, serialize
from gateway.request_binding import HTTP_BODY


class FrameReader:
    """Reads the frames of one RPC: a JSON object each, or for HttpBody the bytes."""

    def __init__(self, message: Descriptor, readers: Readers) -> None:
        self._new: Callable[[], Any] = GetMessageClass(message)
        self.parse: Callable[[bytes], Any] = GetMessageClass(message).FromString
        """Reads a request message from its bytes."""
        self.is_raw = message.full_name == HTTP_BODY
        """Whether a message is the bytes of a binary frame rather than JSON in a text frame."""
        self._may_nest = nests(message)
        self._fill = readers.message(message)

    def message(self, bound: Any, data: bytes) -> bytes:
        """Return the serialized request that a frame says; Fault when it does not fit, or differs from `bound`."""
        message = self._new()
        if self.is_raw:
            message.data = data
        else:
            self._fill(parse(data), message)
        impose(bound, message)
        return serialize(message, may_nest=self._may_nest)


def impose(bound: Any, message: Any) -> None:
    """Set in `message` what `bound` has set; Fault where it says something else already."""
    for field, value in bound.ListFields():
        try:
            _check_choice(field, message)
            _impose(field, value, message)
        except Fault as fault:
            fault.under(field.name)
            raise


def _impose(field: FieldDescriptor, value: Any, message: Any) -> None:
    name = field.name
    kind = field.message_type
    if kind is not None and not field.is_repeated and kind.full_name not in SPECIAL:
        impose(value, getattr(message, name))
        getattr(message, name).SetInParent()
    elif not _is_set(field, message):
        _copy(field, value, message)
    elif getattr(message, name) != value:
        raise Fault("differs from what the path or the query says", "CONFLICTING_VALUES")


def _check_choice(field: FieldDescriptor, message: Any) -> None:
    """Refuse another member of the same oneof: setting one would clear it."""
    if field.containing_oneof is None:
        return
    other = message.WhichOneof(field.containing_oneof.name)
    if other not in (None, field.name):
        raise Fault(f"is said by the path or the query, and the message has {other}", "CONFLICTING_VALUES")


def _is_set(field: FieldDescriptor, message: Any) -> bool:
    return bool(message.HasField(field.name) if field.has_presence else getattr(message, field.name))


def _copy(field: FieldDescriptor, value: Any, message: Any) -> None:
    if field.message_type is None and not field.is_repeated:
        setattr(message, field.name, value)
    else:
        getattr(message, field.name).MergeFrom(value)
        if not field.is_repeated:
            getattr(message, field.name).SetInParent()
