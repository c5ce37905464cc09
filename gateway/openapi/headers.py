"""The headers of answers."""

from collections.abc import Iterable
from typing import Any

from gateway.binding import Binding

Headers = dict[str, Any]

_TEXT = {"type": "string"}
_PREFIX = "#/components/headers/"

_COMPONENTS: Headers = {
    "RequestId": {
        "description": "Names this call in the server's logs. Send your own, and it is kept.",
        "required": True,
        "schema": _TEXT,
    },
    "ETag": {
        "description": "Stands for this state of the answer; `If-None-Match` takes it, and gets 304 while it holds.",
        "required": True,
        "schema": _TEXT,
    },
    "CacheControl": {"description": "What caches may do with the answer.", "required": True, "schema": _TEXT},
    "RetryAfter": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer", "minimum": 0}},
    "WwwAuthenticate": {"description": "Always `Bearer`.", "required": True, "schema": _TEXT},
}
_ENDING: Headers = {
    "Deprecation": {
        "description": "Since when this version is deprecated: `@` and the seconds since 1970 (RFC 9745).",
        "required": True,
        "schema": {"type": "string", "pattern": "^@[0-9]+$"},
    },
    "Sunset": {
        "description": "When this version stops answering: a date as HTTP writes it (RFC 8594).",
        "required": True,
        "schema": _TEXT,
    },
    "Link": {
        "description": "Where the successor is (`successor-version`), and how to move there (`deprecation`).",
        "required": True,
        "schema": _TEXT,
    },
}

_REQUEST_ID = {"x-request-id": {"$ref": f"{_PREFIX}RequestId"}}
_ETAG = {"etag": {"$ref": f"{_PREFIX}ETag"}}
_CACHE = {"cache-control": {"$ref": f"{_PREFIX}CacheControl"}}
_OF_THE_END = {"deprecation": "Deprecation", "sunset": "Sunset", "link": "Link"}
_OF_STATUS: dict[int, Headers] = {
    401: {"www-authenticate": {"$ref": f"{_PREFIX}WwwAuthenticate"}},
    429: {"retry-after": {"$ref": f"{_PREFIX}RetryAfter"}},
    503: {"retry-after": {"$ref": f"{_PREFIX}RetryAfter"}},
}


def components(bindings: Iterable[Binding]) -> Headers:
    """Return `components/headers` of a document of these bindings."""
    named = {name.decode() for binding in bindings for name, _ in binding.version.headers}
    return _COMPONENTS | {_OF_THE_END[name]: _ENDING[_OF_THE_END[name]] for name in _OF_THE_END if name in named}


def of_answer(binding: Binding) -> Headers:
    """Return the headers of a success."""
    return {**_REQUEST_ID, **_CACHE, **(_ETAG if has_etag(binding) else {}), **_of_the_end(binding)}


def of_error(binding: Binding, status: int) -> Headers:
    """Return the headers of an error."""
    return {**_REQUEST_ID, **_CACHE, **_OF_STATUS.get(status, {}), **_of_the_end(binding)}


def _of_the_end(binding: Binding) -> Headers:
    """Return the headers with which a deprecated version says so."""
    names = (name.decode() for name, _ in binding.version.headers)
    return {name: {"$ref": f"{_PREFIX}{_OF_THE_END[name]}"} for name in names}


def has_etag(binding: Binding) -> bool:
    """Tell whether answers have an etag, so that a client may ask whether they are still so."""
    return binding.http_method == "GET" and not (binding.server_streaming or binding.is_websocket)
