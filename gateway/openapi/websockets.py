"""What a document says of WebSockets, which OpenAPI has no words for."""

from typing import Any

from gateway.websocket.closing import GOING_AWAY, NORMAL, OF_CALLS, OWN


def about_websockets() -> dict[str, Any]:
    """Return the root's `x-websocket`: what holds for all of them."""
    codes: dict[str, str] = {
        str(NORMAL): "The call ended well.",
        str(GOING_AWAY): "The server is stopping: connect again.",
        **{str(code): f"`{reason}`" for reason, code in OWN.items()},
        f"{OF_CALLS} + n": "The call failed with the google.rpc.Code n. A last frame has the error.",
    }
    return {
        "description": (
            "One JSON message a text frame, both ways; without an envelope. A client that cannot send the header "
            "`Authorization` says it in its first frame, which is not a message. What the path says need not stand "
            "in the messages. An error is a last frame with the key `error`; then the socket closes."
        ),
        "firstFrame": {"authorization": "Bearer <token>"},
        "closeCodes": codes,
    }
