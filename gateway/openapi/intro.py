"""What every document says of the gateway's ways, as Markdown: only what the API it describes has use for."""

from collections.abc import Iterable

from gateway.binding import Binding
from gateway.versions import ENVELOPE_DATA_META, ENVELOPE_FLAT

_ANSWERS = {
    ENVELOPE_DATA_META: (
        'An answer is `{"data": …, "meta": …}`, an error `{"error": …, "meta": …}`. `meta` has the request\'s id, '
        "which is also the header `x-request-id`. `$fields` asks for some fields alone."
    ),
    ENVELOPE_FLAT: (
        "An answer has its fields at the top and `_meta` beside them. Every path may end in a slash. "
        "`$fields` asks for some fields alone."
    ),
}
_PLAIN = "An answer is the message itself, an error a `google.rpc.Status`. `$fields` asks for some fields alone."
_JSON = (
    "JSON is ProtoJSON: 64-bit integers are strings, bytes base64, times RFC 3339. Unless a field says that it may be "
    "absent, every answer has it."
)
_PLAIN_JSON = (
    "JSON is ProtoJSON: 64-bit integers are strings, bytes base64, times RFC 3339. What has no value is left out."
)
_REQUESTS = (
    "Fields and parameters that do not exist are refused. Every GET of a single answer has a HEAD. `x-timeout` gives a "
    "deadline in seconds. Bodies and answers may be gzip."
)
_ERRORS = (
    "What went wrong is said by a reason for machines, a sentence for people, and where a field is wrong by its path. "
    "With `Accept: application/problem+json` errors are problem details (RFC 9457)."
)
_STREAMS = (
    "A stream comes as a JSON array, with `Accept: application/x-ndjson` as a message a line, and with "
    "`Accept: text/event-stream` as server-sent events. It has no envelope. An error midway is the last entry."
)


def introduction(bindings: Iterable[Binding]) -> str:
    """Return the text for a document of these bindings."""
    shown = [binding for binding in bindings if not binding.rule.is_default]
    envelopes = {binding.version.envelope for binding in shown}
    is_printed = any(binding.version.style.print_defaults for binding in shown)
    answers = [_ANSWERS.get(envelope, _PLAIN) for envelope in sorted(envelopes)]
    paragraphs = {
        "Answers": " ".join([*answers, _JSON if is_printed else _PLAIN_JSON]),
        "Errors": _ERRORS,
        "Requests": _REQUESTS,
    }
    if any(binding.server_streaming for binding in shown):
        paragraphs["Streams"] = _STREAMS
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in paragraphs.items())
