"""What stands before a call on a WebSocket: whose page asks, and who calls.

Browsers let every page open a WebSocket to anywhere, and no page can set its headers. So the origin is checked here,
and a client that could not send `Authorization` says it in its first frame. A token never goes into a URL, which logs
keep.
"""

from google.rpc.code_pb2 import Code

from gateway.codec.json_text import parse
from gateway.cors import ANY
from gateway.errors import Refusal
from gateway.request_headers import RequestHeaders

_KEY = "authorization"
_MAX_BYTES = (
    16 << 10
)  # of the first frame: a token has a few hundred, and headers of 16 KiB are refused by most servers


def check_origin(headers: RequestHeaders, allowed: tuple[str, ...]) -> None:
    """Refuse the page of another origin that is not allowed. Without `Origin` it is no page that asks.

    A page has the same origin when it comes from the host that is asked. The scheme is not compared: behind a proxy
    that ends TLS nobody here knows it.
    """
    origin = headers.text(b"origin")
    if not origin or ANY in allowed or origin in allowed:
        return
    if origin.partition("://")[2].lower() != headers.text(b"host").lower():
        raise Refusal("pages of this origin may not call", "FOREIGN_ORIGIN", code=Code.PERMISSION_DENIED)


def authorization_of(frame: str | bytes) -> str:
    """Return what the first frame says, `{"authorization": "Bearer …"}`; an empty string for nobody."""
    if isinstance(frame, bytes):
        raise Refusal("the first frame is text", "UNSUPPORTED_FRAME")
    if len(frame) > _MAX_BYTES:
        raise Refusal(f"the first frame has more than {_MAX_BYTES} bytes", "BODY_TOO_LARGE")
    value = parse(frame.encode())
    if not isinstance(value, dict) or value.keys() != {_KEY} or not isinstance(value[_KEY], str):
        raise _expected()
    text: str = value[_KEY]
    if not (text.isascii() and text.isprintable()):  # what a header may hold
        raise _expected()
    return text.strip()


def no_authorization(seconds: float) -> Refusal:
    """Return the refusal of a client that says nothing for so long."""
    return Refusal(f"no authorization came within {seconds:g} s", "AUTHORIZATION_TIMEOUT", code=Code.UNAUTHENTICATED)


def _expected() -> Refusal:
    return Refusal(
        'the first frame is {"authorization": "Bearer …"}, or with an empty string for nobody',
        "AUTHORIZATION_EXPECTED",
        code=Code.UNAUTHENTICATED,
    )
