"""One RPC as interceptors and servicers see it, the same through either door."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Token
from typing import Any, Protocol, TypeAlias, cast

import grpc
from google.rpc.code_pb2 import OK

from domain.identity.errors import TokenMissing
from domain.identity.model import Identity
from domain.shared.origin import Origin
from server.failed import Failed
from server.keyed import Keyed

Metadata: TypeAlias = Sequence[tuple[str, str]]

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
"""What a servicer's signature calls its second argument, because the generated types do. It is a `Call`."""


class Door(Protocol):
    """What only the door can do by which a call came."""

    @property
    def trailers(self) -> list[tuple[str, str]]:
        """Where the call's trailing metadata gathers."""
        ...

    def send_initial_metadata(self, initial_metadata: Any, /) -> Awaitable[None]:
        """Send metadata before the first message; once at most."""
        ...

    def failure(self, failed: Failed) -> Exception:
        """Return what tells whoever has made the call that it failed."""
        ...


class Call:
    """One RPC.

    Interceptors fill it in as the call proceeds; what ends up in logs, metrics and trailers is read from here.
    """

    __slots__ = (
        "_data",
        "_door",
        "_parse",
        "_request",
        "code",
        "deadline",
        "headers",
        "identity",
        "keyed",
        "method",
        "notices",
        "origin_token",
        "peer",
        "reason",
        "received",
        "request_id",
        "sent",
        "started",
        "trailers",
    )

    def __init__(self, method: str, headers: Mapping[str, str], peer: str, time_allowed: float, door: Door) -> None:
        self.method = method
        """As gRPC writes it: `/fluentpro.v2.UserService/GetMe`."""
        self.headers = headers
        """Request metadata by lower-case name, without binary values."""
        self.peer = peer
        """The client, as gRPC writes it: `ipv4:127.0.0.1:1234`."""
        self.started = time.monotonic()
        self.deadline = self.started + time_allowed
        """When the call must have ended, in seconds of the monotonic clock."""
        self.request_id = ""
        self.keyed: Keyed | None = None
        """The request's idempotency key and what belongs to it; None without one."""
        self.identity: Identity | None = None
        """Who calls; None: nobody that we know."""
        self.origin_token: Token[Origin] | None = None
        self.code: int = OK
        """The google.rpc.Code it ended with, for `end`."""
        self.reason = ""
        """The ErrorInfo's reason it ended with; empty after success."""
        self.received = 0
        """How many messages came."""
        self.sent = 0
        """How many messages left."""
        self.trailers = door.trailers
        """Trailing metadata; sent after errors too."""
        self.notices: Metadata = ()
        """Initial metadata that is still to go out on the gRPC port; the gateway says the same in its own headers."""
        self._door = door
        self._parse: Callable[[bytes], Any] | None = None
        self._data = b""
        self._request: Any = None

    def bind(self, parse: Callable[[bytes], Any], data: bytes) -> None:
        """Say how to read the request message."""
        self._parse = parse
        self._data = data

    @property
    def request(self) -> Any:
        """The request message, read when it is first asked for; None when the client streams.

        Raises MalformedMessage.
        """
        if self._parse is not None:
            self._request = self._parse(self._data)
            self._parse = None
        return self._request

    def time_remaining(self) -> float:
        """Return the seconds until the deadline, 0 once it has passed."""
        return max(0.0, self.deadline - time.monotonic())

    async def send_initial_metadata(self, metadata: Metadata) -> None:
        """Send metadata, with the notices, before the first message.

        On gRPC it costs 56 µs: ids travel as trailers instead.
        """
        notices, self.notices = self.notices, ()
        await self._door.send_initial_metadata((*notices, *metadata))

    def failure(self, failed: Failed) -> Exception:
        """Return what tells this call's door that it has failed."""
        return self._door.failure(failed)

    def set_trailing_metadata(self, metadata: Metadata) -> None:
        """Add to the trailing metadata (grpc.aio's own would replace it)."""
        self.trailers.extend(metadata)

    def set_code(self, code: grpc.StatusCode) -> None:
        """Take note of a status. The generated bodies of unwritten methods call this; handlers raise instead."""
        self.code = code.value[0]

    def set_details(self, details: str) -> None:
        """Ignore Python's text about an unwritten method: it is not for callers."""


def call_of(context: Context) -> Call:
    """Return the Call that a servicer was given as its context."""
    return cast("Call", context)


def identity_of(context: Context) -> Identity:
    """Return who calls. Raises TokenMissing when nobody has signed in, which only a public method can see."""
    identity = call_of(context).identity
    if identity is None:
        raise TokenMissing
    return identity
