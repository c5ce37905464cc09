"""How a stream of messages looks in an HTTP body: a JSON array, lines, events, or raw bytes.

Each form shows a failure midway, so that no client takes half an answer for a whole one.
"""

from functools import lru_cache
from typing import Any, Protocol

from gateway.answer import Answer
from gateway.codec.json_text import dump
from gateway.exchange import JSON

EVENT_STREAM = "text/event-stream"
NDJSON = "application/x-ndjson"
ARRAY = "application/json"
_RETRY_MS = 3000  # how long a browser waits before it reconnects
_MAX_KEPT = 256  # characters of an Accept header whose meaning is remembered
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

    content_type = JSON

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


def form_of(accept: str, answer: Answer, default: str) -> StreamForm:
    """Return a new stream in the form that an `Accept` header asks for, or that of the media type `default`."""
    return RawForm(answer) if answer.is_raw else _FORMS[preferred(accept, default)](answer)


def preferred(accept: str, default: str = ARRAY) -> str:
    """Return the media type of streams that an `Accept` header prefers; `default` when it names none of them."""
    return _preferred(accept, default) if len(accept) <= _MAX_KEPT else _preferred.__wrapped__(accept, default)


@lru_cache(maxsize=256)
def _preferred(accept: str, default: str) -> str:
    best, best_quality = default, 0.0
    for part in accept.lower().split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        quality = _quality(parameters)
        if media_type in _FORMS and quality > best_quality:
            best, best_quality = media_type, quality
    return best


def _quality(parameters: list[str]) -> float:
    value = next((item[2:] for item in parameters if item.startswith("q=")), "1")
    try:
        return float(value)
    except ValueError:
        return 0.0


def _breaks_line(text: str) -> bool:
    return not text.isprintable() and ("\n" in text or "\r" in text or "\0" in text)


_FORMS: dict[str, type[ArrayForm | LinesForm | EventsForm]] = {
    ARRAY: ArrayForm,
    NDJSON: LinesForm,
    EVENT_STREAM: EventsForm,
}
