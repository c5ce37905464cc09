"""The headers of answers."""

from typing import Any

from gateway.binding import Binding

Headers = dict[str, Any]

_TEXT = {"type": "string"}
_PREFIX = "#/components/headers/"

COMPONENTS: Headers = {
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
"""`components/headers`."""

_REQUEST_ID = {"x-request-id": {"$ref": f"{_PREFIX}RequestId"}}
_ETAG = {"etag": {"$ref": f"{_PREFIX}ETag"}}
_CACHE = {"cache-control": {"$ref": f"{_PREFIX}CacheControl"}}
_OF_STATUS: dict[int, Headers] = {
    401: {"www-authenticate": {"$ref": f"{_PREFIX}WwwAuthenticate"}},
    429: {"retry-after": {"$ref": f"{_PREFIX}RetryAfter"}},
    503: {"retry-after": {"$ref": f"{_PREFIX}RetryAfter"}},
}


def of_answer(binding: Binding) -> Headers:
    """Return the headers of a success."""
    return {**_REQUEST_ID, **_CACHE, **(_ETAG if has_etag(binding) else {})}


def of_error(status: int) -> Headers:
    """Return the headers of an error."""
    return {**_REQUEST_ID, **_CACHE, **_OF_STATUS.get(status, {})}


def has_etag(binding: Binding) -> bool:
    """Tell whether answers have an etag, so that a client may ask whether they are still so."""
    return binding.http_method == "GET" and not (binding.server_streaming or binding.is_websocket)
