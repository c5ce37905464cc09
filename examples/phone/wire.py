"""The channel to the server: retries, keepalive and reconnecting, all of it gRPC's own, set by options."""

from pathlib import Path
from typing import Final

import grpc.aio

CALL_SECONDS: Final = 10.0
"""The deadline of a short call, all its retries included. The server's own cap is 30 s."""

STREAM_SECONDS: Final = 120.0
"""The deadline of one stream; a longer reply is read on by the next. The server's own cap is ten minutes."""

SERVICE_CONFIG: Final = Path(__file__).with_name("service_config.json")
"""What gRPC may retry by itself, published for every language: gRPC reads the same JSON everywhere."""

KEEPALIVE: Final = (
    ("grpc.keepalive_time_ms", 20_000),  # the server lets a client ask every 10 s
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 0),  # an idle phone sleeps
    ("grpc.http2.max_pings_without_data", 0),  # a partner may think for long: ask on while nothing comes
)
"""A dead connection is found within 30 s while a call waits."""

_RECONNECT: Final = (
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 5_000),  # gRPC's own limit is two minutes: too long for a tunnel
)


def channel_to(server: str) -> grpc.aio.Channel:
    """Return a channel to `host:port`. Plaintext, as `make run` serves it; behind TLS it is `secure_channel`."""
    options = (
        *KEEPALIVE,
        *_RECONNECT,
        ("grpc.enable_retries", 1),
        ("grpc.service_config", SERVICE_CONFIG.read_text(encoding="utf-8")),
        ("grpc.primary_user_agent", "fluentpro-phone/1"),  # names this device in ListSessions
    )
    return grpc.aio.insecure_channel(server, options=options)
