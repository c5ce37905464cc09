"""The gRPC port's door to the chain: an interceptor of grpc.aio, and the only one."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Never, TypeAlias, cast

import grpc
import grpc.aio
from grpc_interceptor.server import AsyncServerInterceptor

from server.call import Call
from server.chain import Chain
from server.failed import Failed
from server.interruption import ServerStopping
from server.method import Method

# Probes and tools must get through whatever the chain makes of a call: no token, no limit, no log line.
EXEMPT = ("/grpc.health.v1.", "/grpc.reflection.")

_DETAILS_KEY = "grpc-status-details-bin"
_CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}

Details: TypeAlias = grpc.HandlerCallDetails
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Continuation: TypeAlias = "Callable[[Details], Awaitable[Handler | None]]"


class GrpcAdapter(AsyncServerInterceptor):
    """Runs every RPC of the server within the chain.

    grpc.aio asks for a handler at each RPC; it is wrapped once a method. Messages reach the chain as bytes, so that
    bytes that are no message are refused there like everything else.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._methods: dict[str, Method] = {}
        self._handlers: dict[str, Handler] = {}

    async def intercept_service(self, continuation: Continuation, handler_call_details: Details) -> "Handler | None":
        """Return the wrapped handler of a method; None when nobody registered it."""
        name = handler_call_details.method
        known = self._handlers.get(name)
        if known is not None:
            return known
        if name.startswith(EXEMPT):
            return await continuation(handler_call_details)

        async def take_over(details: Details) -> "Handler | None":
            handler = await continuation(details)
            if handler is None:
                return None
            self._methods[name] = Method.of(name, handler)
            return _with_bytes(handler)

        wrapped: Handler | None = await super().intercept_service(  # type: ignore[no-untyped-call] # the package's own
            take_over, handler_call_details
        )
        if wrapped is not None:  # unknown names are the client's to choose, so they are not kept
            self._handlers[name] = wrapped
        return wrapped

    async def intercept(
        self,
        method: Any,
        request_or_iterator: bytes | AsyncIterator[bytes],
        context: grpc.aio.ServicerContext[Any, bytes],
        method_name: str,
    ) -> bytes | AsyncGenerator[bytes, None]:
        """Run one RPC; `method` is the handler that the chain has already."""
        found = self._methods[method_name]
        call = self._call(found, context)
        if found.client_streams:
            request_or_iterator = _until_stopped(cast("AsyncIterator[bytes]", request_or_iterator))
        if found.server_streams:
            return self._stream(found, request_or_iterator, call, context)
        try:
            data = await self._chain.unary(found, request_or_iterator, call)
        except Failed as failed:
            await _abort(context, call, failed)
        if call.notices:
            await call.send_initial_metadata(())
        context.set_trailing_metadata(tuple(call.trailers))
        return data

    async def _stream(
        self,
        method: Method,
        request: bytes | AsyncIterator[bytes],
        call: Call,
        context: grpc.aio.ServicerContext[Any, bytes],
    ) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(self._chain.stream(method, request, call)) as answers:
                async for data in answers:
                    if call.notices:
                        await call.send_initial_metadata(())
                    yield data
        except Failed as failed:
            await _abort(context, call, failed)
        if call.notices:  # there was no message
            await call.send_initial_metadata(())
        context.set_trailing_metadata(tuple(call.trailers))

    def _call(self, method: Method, context: grpc.aio.ServicerContext[Any, bytes]) -> Call:
        metadata: Any = context.invocation_metadata() or ()
        headers = {key: value for key, value in metadata if isinstance(value, str)}
        asked = context.time_remaining()
        allowed = self._chain.time_allowed(asked, is_stream=method.server_streams, method=method.name)
        return Call(method.name, headers, context.peer(), allowed, _GrpcDoor(context))


class _GrpcDoor:
    """What grpc.aio does of a call: a `Door`."""

    __slots__ = ("_context", "trailers")

    def __init__(self, context: grpc.aio.ServicerContext[Any, bytes]) -> None:
        self._context = context
        self.trailers: list[tuple[str, str]] = []

    def send_initial_metadata(self, initial_metadata: Any, /) -> Awaitable[None]:
        """Send it."""
        return self._context.send_initial_metadata(initial_metadata)

    def failure(self, failed: Failed) -> Exception:
        """Return what `_abort` is to tell."""
        return failed


def _with_bytes(handler: Handler) -> Handler:
    """Return the handler without its serializers: grpc.aio then passes bytes."""
    # The behaviour is only what grpc-interceptor tells the kind of a handler by; the chain runs it.
    if handler.request_streaming:
        if handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(handler.stream_stream)  # type: ignore[arg-type] # never None
        return grpc.stream_unary_rpc_method_handler(handler.stream_unary)  # type: ignore[arg-type] # never None
    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler(handler.unary_stream)  # type: ignore[arg-type] # never None
    return grpc.unary_unary_rpc_method_handler(handler.unary_unary)  # type: ignore[arg-type] # never None


async def _until_stopped(messages: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give a client's messages; where gRPC stops reading them because its server stops, say so as we do."""
    try:
        async for data in messages:
            yield data
    except (grpc.aio.AbortError, grpc.aio.InternalError, grpc.aio.UsageError):
        raise
    except grpc.aio.BaseError:  # the one that is left has no public name
        raise ServerStopping from None


async def _abort(context: grpc.aio.ServicerContext[Any, Any], call: Call, failed: Failed) -> Never:
    """End the RPC with a status and the call's trailers, which `abort_with_status` would drop.

    Notices that have not gone out go with them: a call that fails at once has one block of metadata, the last.
    """
    status = failed.status
    trailers: Any = (*call.notices, *call.trailers, (_DETAILS_KEY, status.SerializeToString()))
    await context.abort(_CODES[status.code], status.message, trailers)
