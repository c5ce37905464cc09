"""How a response message becomes JSON, or the raw bytes of an HttpBody."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass

from gateway.codec.encode import Writers
from gateway.codec.well_known import SPECIAL
from gateway.image import Image
from gateway.request_binding import HTTP_BODY, RuleError
from gateway.versions import CURSOR


class Answer:
    """One rule's way from a serialized response to what its client sees: the message, or the field `response_body`."""

    def __init__(self, message: Descriptor, response_body: str, writers: Writers, image: Image) -> None:
        self.parse: Callable[[bytes], Any] = GetMessageClass(message).FromString
        """Reads the response message from its bytes."""
        field = message.fields_by_name.get(response_body) if response_body else None
        if response_body and field is None:
            raise RuleError(f"the response_body {response_body!r} is no field of {message.full_name}")
        self.json = writers.message(message) if field is None else writers.field(field)
        """Returns the JSON value of a response message."""
        shown = message if field is None else field.message_type if not field.is_repeated else None
        self.is_raw = shown is not None and shown.full_name == HTTP_BODY
        """Whether clients get the bytes of an HttpBody."""
        self.is_object = shown is not None and shown.full_name not in SPECIAL
        """Whether the JSON is an object of the message's fields."""
        self._shown: Callable[[Any], Any] = attrgetter(response_body) if field is not None else _itself
        cursors = image.field_options(shown, CURSOR) if shown is not None else {}
        self._cursor = next(iter(cursors), "")
        self._oneof = _first_oneof(shown) if shown is not None else ""

    def raw(self, message: Any) -> tuple[bytes, bytes]:
        """Return the content type (empty when it says none) and the data of the HttpBody that clients get."""
        body = self._shown(message)
        return body.content_type.encode("latin-1", "replace"), body.data

    def event(self, message: Any) -> tuple[str, str]:
        """Return the id (its cursor) and the event name (its oneof's case) of a stream's message; empty when none."""
        shown = self._shown(message)
        cursor = str(getattr(shown, self._cursor)) if self._cursor else ""
        return cursor, (shown.WhichOneof(self._oneof) or "") if self._oneof else ""


def _itself(message: Any) -> Any:
    return message


def _first_oneof(message: Descriptor) -> str:
    """Return the first oneof of two or more members (an `optional` field is a oneof of one)."""
    return next((oneof.name for oneof in message.oneofs if len(oneof.fields) > 1), "")
