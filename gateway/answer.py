"""How a response message becomes JSON, or the raw bytes of an HttpBody."""

from collections.abc import Callable
from copy import copy
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass

from gateway.codec.encode import Writers
from gateway.codec.names import JsonStyle
from gateway.codec.well_known import SPECIAL
from gateway.image import Image
from gateway.partial import Place, pick, place_of, tree_of
from gateway.request_binding import HTTP_BODY, RuleError
from gateway.versions import CURSOR

# Partial answers remembered a rule, and characters of what asks for one: clients choose them.
_MAX_PARTIAL = 64
_MAX_TEXT = 256


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
        self.etag_key = _etag_key(shown, writers.style) if shown is not None and self.is_object else ""
        """The JSON key of the etag that the message has itself; empty when it has none."""
        self._style = writers.style
        self._root: Place = None if self.is_raw else message if field is None else place_of(field)
        self._partial: dict[str, Answer] = {}

    def partial(self, fields: str) -> "Answer":
        """Return the same answer with the named fields alone (`partial.py`); Fault when one of them is none."""
        known = self._partial.get(fields)
        if known is not None:
            return known
        tree = tree_of(fields, self._root, self._style)
        answer, write = copy(self), self.json
        answer.json = lambda message: pick(write(message), tree)
        if len(fields) <= _MAX_TEXT and len(self._partial) < _MAX_PARTIAL:
            self._partial[fields] = answer
        return answer

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


def _etag_key(message: Descriptor, style: JsonStyle) -> str:
    field = message.fields_by_name.get("etag")
    is_text = field is not None and field.type == field.TYPE_STRING and not field.is_repeated
    return style.name(field) if field is not None and is_text else ""


def _first_oneof(message: Descriptor) -> str:
    """Return the first oneof of two or more members (an `optional` field is a oneof of one)."""
    return next((oneof.name for oneof in message.oneofs if len(oneof.fields) > 1), "")
