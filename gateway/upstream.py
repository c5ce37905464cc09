"""The way to the service: bytes in, bytes out. A gRPC channel is one; a dispatcher in this process may be another."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import grpc.aio
from google.rpc import status_pb2

from gateway.errors import Refusal

_DETAILS_KEY = "grpc-status-details-bin"
# gRPC servers take 8 KiB of metadata by default, and refuse a call with more as one that is out of some resource does.
# A kilobyte of it is for what gRPC itself adds. HTTP/2 (RFC 9113, 6.5.2) counts 32 bytes for each entry.
_MAX_METADATA = 7 << 10
_ENTRY = 32
_CALL_IS_OVER = (grpc.aio.AioRpcError, asyncio.InvalidStateError, grpc.aio.InternalError)

CHANNEL_OPTIONS = (
    # The service behind is the operator's own: only what clients send has a limit. Metadata needs one, and an error's
    # details are part of it.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_metadata_size", 1 << 20),
    # How many bytes a service may be ahead of a slow reader. Left alone, gRPC takes the more the faster the line is, up
    # to 4 MiB for each reader.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 16 << 10),
)
"""What a channel should have that a GrpcUpstream calls over."""

Metadata = list[tuple[str, str]]
Request = bytes | AsyncGenerator[bytes, None]
"""One serialized message, or those of a client's stream; what their generator raises ends the call, and comes out."""


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

    async def unary(self, call: UpstreamCall, request: Request) -> bytes:
        """Return the response message; UpstreamError when the call fails."""
        ...

    def stream(self, call: UpstreamCall, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the response messages; UpstreamError when the call fails."""
        ...


class GrpcUpstream:
    """Calls over a gRPC channel; messages pass through as bytes.

    Refusal when the headers are more than gRPC servers take: a service that is out of something has not said so.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        self._known: dict[tuple[Any, str], Any] = {}

    async def unary(self, call: UpstreamCall, request: Request) -> bytes:
        """Call a method that answers once."""
        channel = self._channel
        if not isinstance(request, bytes):
            async with _fed(self._start(channel.stream_unary, call), request) as rpc:
                return await _only(call, rpc)
        return await _only(call, self._start(channel.unary_unary, call, request))

    async def stream(self, call: UpstreamCall, request: Request) -> AsyncGenerator[bytes, None]:
        """Call a method that answers with a stream."""
        channel = self._channel
        if isinstance(request, bytes):
            async for message in _each(call, self._start(channel.unary_stream, call, request)):
                yield message
            return
        async with _fed(self._start(channel.stream_stream, call), request) as rpc:
            async for message in _each(call, rpc):
                yield message

    def _start(self, kind: Callable[..., Any], call: UpstreamCall, *request: bytes) -> Any:
        method = self._known.get((kind, call.method))
        if method is None:
            method = self._known[kind, call.method] = kind(call.method)
        return method(*request, metadata=_metadata(call.headers), timeout=call.timeout)


async def _only(call: UpstreamCall, rpc: Any) -> bytes:
    """Return the one message of a call."""
    try:
        response: bytes = await rpc
    except grpc.aio.AioRpcError as error:
        raise _failure(call, error) from None
    call.initial += _texts(await rpc.initial_metadata())
    call.trailers += _texts(await rpc.trailing_metadata())
    return response


async def _each(call: UpstreamCall, rpc: Any) -> AsyncGenerator[bytes, None]:
    """Yield the messages of a call."""
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


@asynccontextmanager
async def _fed(rpc: Any, messages: AsyncIterator[bytes]) -> AsyncGenerator[Any, None]:
    """Write a client's messages to a call while the block reads its answer; raise what their iterator raised."""
    feeding = asyncio.create_task(_feed(rpc, messages))
    try:
        yield rpc
    except asyncio.CancelledError:
        if feeding.done() and not feeding.cancelled() and feeding.exception() is not None:
            feeding.result()  # raises why the call was cancelled
        raise
    finally:
        rpc.cancel()
        feeding.cancel()
        await asyncio.wait({feeding})


async def _feed(rpc: Any, messages: AsyncIterator[bytes]) -> None:
    """Write messages as fast as the handler takes them; when their iterator raises, cancel the call."""
    with suppress(*_CALL_IS_OVER):
        await rpc.wait_for_connection()
    try:
        async for message in messages:
            try:
                # `rpc.write` would put INTERNAL in the place of the status that the service has ended the call with
                # (grpc/grpc#36066): every service that refuses a stream before its end would seem to be broken.
                await rpc._cython_call.send_serialized_message(message)  # noqa: SLF001
            except _CALL_IS_OVER:
                return  # it says why by itself
    except Exception:
        rpc.cancel()
        raise
    with suppress(*_CALL_IS_OVER):
        await rpc.done_writing()


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
    """Return headers as metadata; names in `-bin` hold bytes there. Refusal when they are too large."""
    if sum(len(name) + len(value) + _ENTRY for name, value in headers.items()) > _MAX_METADATA:
        raise Refusal("the headers for the service are too large", "HEADERS_TOO_LARGE", http_status=431)
    return [(name, _binary(value) if name.endswith("-bin") else value) for name, value in headers.items()]


def _binary(text: str) -> bytes:
    """Return the bytes of a `-bin` header, which HTTP carries as base64; empty when it is none."""
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


def _texts(metadata: Any) -> Metadata:
    return [(str(key), value) for key, value in metadata or () if isinstance(value, str)]
