"""The way to the service: bytes in, bytes out. A gRPC channel is one; a dispatcher in this process may be another."""

from base64 import b64decode
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import grpc.aio
from google.rpc import status_pb2

_DETAILS_KEY = "grpc-status-details-bin"

Metadata = list[tuple[str, str]]


@dataclass(slots=True)
class UpstreamCall:
    """One RPC: made by the gateway, its metadata filled by the upstream."""

    method: str
    """As gRPC writes it: `/library.v1.Books/GetBook`."""
    headers: dict[str, str]
    """Lower-case names; already filtered, always with an `x-request-id`."""
    peer: str
    """The client, as gRPC writes it: `ipv4:127.0.0.1:1234`."""
    timeout: float | None
    """Seconds; None: the client set none, and the upstream's own cap holds."""
    trailers: Metadata = field(default_factory=list)
    """Trailing metadata in text, filled by the upstream, also when the call fails."""
    initial: Metadata = field(default_factory=list)
    """Initial metadata in text, filled by the upstream before the first message; it becomes response headers."""


class UpstreamError(Exception):
    """The call failed; `status` is a serialized google.rpc.Status."""

    def __init__(self, status: bytes) -> None:
        super().__init__("the upstream ended the call with an error")
        self.status = status


class Upstream(Protocol):
    """Makes calls. Cancelling the task that awaits one, or closing a stream, ends the call."""

    async def unary(self, call: UpstreamCall, request: bytes) -> bytes:
        """Return the response message; UpstreamError when the call fails."""
        ...

    def stream(self, call: UpstreamCall, request: bytes) -> AsyncGenerator[bytes, None]:
        """Yield the response messages; UpstreamError when the call fails."""
        ...


class GrpcUpstream:
    """Calls over a gRPC channel; messages pass through as bytes."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        self._unary: dict[str, Any] = {}
        self._streams: dict[str, Any] = {}

    async def unary(self, call: UpstreamCall, request: bytes) -> bytes:
        """Call a method that answers once."""
        method = self._method(self._unary, self._channel.unary_unary, call.method)
        rpc = method(request, metadata=_metadata(call.headers), timeout=call.timeout)
        try:
            response: bytes = await rpc
        except grpc.aio.AioRpcError as error:
            raise _failure(call, error) from None
        call.initial += _texts(await rpc.initial_metadata())
        call.trailers += _texts(await rpc.trailing_metadata())
        return response

    async def stream(self, call: UpstreamCall, request: bytes) -> AsyncGenerator[bytes, None]:
        """Call a method that answers with a stream."""
        method = self._method(self._streams, self._channel.unary_stream, call.method)
        rpc = method(request, metadata=_metadata(call.headers), timeout=call.timeout)
        try:
            is_first = True
            async for message in rpc:
                if is_first:
                    call.initial += _texts(await rpc.initial_metadata())
                    is_first = False
                yield message
            call.trailers += _texts(await rpc.trailing_metadata())
        except grpc.aio.AioRpcError as error:
            raise _failure(call, error) from None
        finally:
            rpc.cancel()  # nothing happens when it has ended

    def _method(self, known: dict[str, Any], make: Callable[[str], Any], name: str) -> Any:
        if name not in known:
            known[name] = make(name)
        return known[name]


def _failure(call: UpstreamCall, error: grpc.aio.AioRpcError) -> UpstreamError:
    trailers: Any = error.trailing_metadata() or ()
    call.trailers += _texts(trailers)
    code = int(error.code().value[0])
    details = next((value for key, value in trailers if key == _DETAILS_KEY), None)
    if isinstance(details, bytes):
        return UpstreamError(details)
    status = status_pb2.Status(code=code, message=error.details() or "")
    return UpstreamError(status.SerializeToString())


def _metadata(headers: dict[str, str]) -> list[tuple[str, str | bytes]]:
    """Return headers as metadata; names in `-bin` hold bytes there."""
    return [(name, _binary(value) if name.endswith("-bin") else value) for name, value in headers.items()]


def _binary(text: str) -> bytes:
    """Return the bytes of a `-bin` header, which HTTP carries as base64; empty when it is none."""
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


def _texts(metadata: Any) -> Metadata:
    return [(str(key), value) for key, value in metadata or () if isinstance(value, str)]
