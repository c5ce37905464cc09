"""How a stream of messages looks in an HTTP body: a JSON array, lines, events, or raw bytes.

Each form shows a failure midway, so that no client takes half an answer for a whole one.
"""

from typing import Any, Protocol

from gateway.answer import Answer
from gateway.codec.json_text import dump

EVENT_STREAM = "text/event-stream"
NDJSON = "application/x-ndjson"
ARRAY = "application/json"
_RETRY_MS = 3000  # how long a browser waits before it reconnects
HEARTBEAT = b": \n\n"


class StreamForm(Protocol):
    """One stream in one form; bytes to send, piece by piece."""

    content_type: bytes

    def message(self, message: Any) -> bytes:
        """Return the bytes of one response message, with what goes before it."""
        ...

    def closing(self) -> bytes:
        """Return the bytes that end a stream that went well."""
        ...

    def failure(self, error: dict[str, Any]) -> bytes | None:
        """Return the bytes that show a failure; None when only a cut connection can."""
        ...


class ArrayForm:
    """One JSON array; after a failure it stays open, so that no parser takes it for complete."""

    content_type = ARRAY.encode()

    def __init__(self, answer: Answer) -> None:
        self._json = answer.json
        self._mark = b"["

    def message(self, message: Any) -> bytes:
        """Return one element."""
        return self._element(self._json(message))

    def closing(self) -> bytes:
        """Close the array."""
        return b"[]" if self._mark == b"[" else b"]"

    def failure(self, error: dict[str, Any]) -> bytes:
        """Return the error as a last element."""
        return self._element(error)

    def _element(self, value: Any) -> bytes:
        mark, self._mark = self._mark, b","
        return mark + dump(value)


class LinesForm:
    """One JSON value a line; a failure is a last line with the key `error`."""

    content_type = NDJSON.encode()

    def __init__(self, answer: Answer) -> None:
        self._json = answer.json

    def message(self, message: Any) -> bytes:
        """Return one line."""
        return dump(self._json(message)) + b"\n"

    def closing(self) -> bytes:
        """Return nothing: the last line ends itself."""
        return b""

    def failure(self, error: dict[str, Any]) -> bytes:
        """Return the last line."""
        return dump(error) + b"\n"


class EventsForm:
    """Server-sent events: `id` is the message's cursor, `event` the case of its oneof."""

    content_type = EVENT_STREAM.encode()

    def __init__(self, answer: Answer) -> None:
        self._event, self._json = answer.event, answer.json
        self._head = f"retry: {_RETRY_MS}\n"

    def message(self, message: Any) -> bytes:
        """Return one event."""
        retry, self._head = self._head, ""
        cursor, name = self._event(message)
        number = f"id: {cursor}\n" if cursor and not _breaks_line(cursor) else ""
        kind = f"event: {name}\n" if name else ""
        return b"".join((f"{retry}{number}{kind}data: ".encode(), dump(self._json(message)), b"\n\n"))

    def closing(self) -> bytes:
        """Return nothing: the client sees the end of the body."""
        return b""

    def failure(self, error: dict[str, Any]) -> bytes:
        """Return the last event, `error`."""
        return b"event: error\ndata: %s\n\n" % dump(error)


class RawForm:
    """The data of HttpBody messages, one after the other, under the first one's content type."""

    content_type = b"application/octet-stream"

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def message(self, message: Any) -> bytes:
        """Return one piece."""
        content_type, data = self._answer.raw(message)
        self.content_type = content_type or self.content_type
        return data

    def closing(self) -> bytes:
        """Return nothing."""
        return b""

    def failure(self, error: dict[str, Any]) -> None:
        """Return None: only the cut connection shows it."""


def form_of(media_type: str, answer: Answer) -> StreamForm:
    """Return a new stream in the form of one of `STREAM_TYPES`; of HttpBody messages it is raw."""
    return RawForm(answer) if answer.is_raw else _FORMS[media_type](answer)


def _breaks_line(text: str) -> bool:
    return not text.isprintable() and ("\n" in text or "\r" in text or "\0" in text)


_FORMS: dict[str, type[ArrayForm | LinesForm | EventsForm]] = {
    ARRAY: ArrayForm,
    NDJSON: LinesForm,
    EVENT_STREAM: EventsForm,
}

STREAM_TYPES = tuple(_FORMS)
"""The media types of streams."""
