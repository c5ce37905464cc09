"""What an operator may choose for a gateway."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.codec.names import JsonStyle


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Limits and choices of one gateway; sizes in bytes, times in seconds."""

    forward_headers: tuple[str, ...] = ()
    """Further request headers that go upstream, lower-case; a `*` at the end stands for any rest."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call, such as `https://app.example`; `*` for all. None: no page of another origin."""
    style: JsonStyle = field(default_factory=JsonStyle)
    """The JSON of packages without an `api_version`. Its `ignore_unknown` holds for those that have one too."""
    ignore_unknown_query: bool = False
    """Pass over query parameters that are no field."""
    stream_type: str = "application/json"
    """The media type of streams when `Accept` names none of the three: JSON array, lines or events."""
    max_body_bytes: int = 4 << 20
    """As much as gRPC takes for one message by default; of a client's stream each message may have it."""
    max_url_bytes: int = 16 << 10
    """Twice what RFC 9110 asks every server to take (8000)."""
    max_header_bytes: int = 64 << 10
    """All names and values together; room for a token of each kind, and no more."""
    max_timeout_seconds: float = 3600.0
    """The longest deadline that a client gets; a longer one is cut to it."""
    disconnect_watch_seconds: float = 0.05
    """How long a call runs before the gateway watches whether its client is still there; twice that at most."""
    heartbeat_seconds: float = 15.0
    """The silence on an event stream after which a comment is sent, so that proxies keep it open."""
    websocket_authorization_seconds: float = 5.0
    """How long a WebSocket may be open before its client says who it is."""
    websocket_messages_per_second: float = 100.0
    """What one WebSocket may send in the long run: twice the 50 a second of speech in pieces of 20 ms."""
    websocket_message_burst: int = 200
    """What one WebSocket may send at once: 2 s of the above, for clients that were held up."""
    clock: Callable[[], float] = time.time
    """Seconds since the epoch, for the timestamps in answers."""
