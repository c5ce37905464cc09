"""The door inside this process: the gateway's upstream without a network."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from typing import Any

import grpc

from gateway.exchange import ClientGoneError
from gateway.failures import FORESEEN
from gateway.upstream import Request, UpstreamCall, UpstreamError
from server.call import Call
from server.chain import Chain
from server.failed import Failed
from server.method import MalformedMessage, Method
from server.status import unimplemented


class Dispatcher:
    """Runs methods by name within the chain.

    Generated `add_…Servicer_to_server` functions register on it as on a server, and a gateway calls through it.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._methods: dict[str, Method] = {}

    def add_registered_method_handlers(
        self, service_name: str, method_handlers: "Mapping[str, grpc.RpcMethodHandler[Any, Any]]"
    ) -> None:
        """Take over the methods of one service."""
        for name, handler in method_handlers.items():
            path = f"/{service_name}/{name}"
            self._methods[path] = Method.of(path, handler)

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Do nothing: generated code says the same a second time, by `add_registered_method_handlers`."""

    @property
    def services(self) -> tuple[str, ...]:
        """The full names of all services, in the order of their registration."""
        return tuple(dict.fromkeys(path.split("/")[1] for path in self._methods))

    async def unary(self, call: UpstreamCall, request: Request) -> bytes:
        """Return the response message; UpstreamError when the call fails."""
        method, door = self._method(call), _InProcess(call, request)
        return await self._chain.unary(method, door.request, self._call(call, method, door))

    def stream(self, call: UpstreamCall, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the response messages; UpstreamError when the call fails. Closing it ends the call."""
        method, door = self._method(call), _InProcess(call, request)
        return self._chain.stream(method, door.request, self._call(call, method, door))

    def _method(self, call: UpstreamCall) -> Method:
        method = self._methods.get(call.method)
        if method is None:
            raise _error(unimplemented())
        return method

    def _call(self, call: UpstreamCall, method: Method, door: "_InProcess") -> Call:
        allowed = self._chain.time_allowed(call.timeout, is_stream=method.server_streams, method=method.name)
        return Call(call.method, call.headers, call.peer, allowed, door)


class _InProcess:
    """What passes between the gateway and the chain beside messages: a `Door`."""

    __slots__ = ("_broken", "_call", "request", "trailers")

    def __init__(self, call: UpstreamCall, request: Request) -> None:
        self._call = call
        self.trailers = call.trailers
        self._broken: Exception | None = None
        """What the client's stream raised, which is the gateway's to answer."""
        self.request: bytes | AsyncIterator[bytes] = request if isinstance(request, bytes) else self._each(request)

    async def send_initial_metadata(self, initial_metadata: Any, /) -> None:
        """Hand it to the gateway, which sends it with the response headers."""
        self._call.initial += initial_metadata

    def failure(self, failed: Failed) -> Exception:
        """Return what the gateway knows a failure by."""
        return self._broken or _error(failed)

    async def _each(self, messages: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for message in messages:
                yield message
        except (*FORESEEN, ClientGoneError) as error:
            self._broken = error
            raise MalformedMessage from None  # the handler and the logs take it for what it is: the client's fault


def _error(failed: Failed) -> UpstreamError:
    return UpstreamError(failed.status.SerializeToString())
