"""An RPC method as it was registered: its behaviour, and how its messages are read and written."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Self

import grpc
from google.protobuf.message import DecodeError

from domain.shared.errors import DomainError, ErrorKind
from server.call import Call


class MalformedMessage(DomainError):
    """The bytes of a request are no message of the method's type."""

    kind = ErrorKind.INVALID_ARGUMENT
    reason = "INVALID_REQUEST"

    def __init__(self) -> None:
        super().__init__("The request is not a message of this method's type.")


@dataclass(frozen=True, slots=True)
class Method:
    """One method. `behaviour` takes a request, or an iterator of them, and a Call."""

    name: str
    behaviour: Callable[[Any, Call], Any]
    parse_bytes: Callable[[bytes], Any]
    serialize: Callable[[Any], bytes]
    client_streams: bool
    server_streams: bool

    @classmethod
    def of(cls, name: str, handler: "grpc.RpcMethodHandler[Any, Any]") -> Self:
        """Take over what a generated `add_…Servicer_to_server` registered under `name`."""
        behaviours = (handler.unary_unary, handler.unary_stream, handler.stream_unary, handler.stream_stream)
        behaviour: Any = next(found for found in behaviours if found is not None)
        parse: Any = handler.request_deserializer
        serialize: Any = handler.response_serializer
        return cls(name, behaviour, parse, serialize, handler.request_streaming, handler.response_streaming)

    def parse(self, data: bytes) -> Any:
        """Return the message in `data`. Raises MalformedMessage."""
        try:
            return self.parse_bytes(data)
        except DecodeError:
            raise MalformedMessage from None

    async def parse_each(self, stream: AsyncIterator[bytes], call: Call) -> AsyncIterator[Any]:
        """Yield the messages of a client's stream, counted. Raises MalformedMessage."""
        async for data in stream:
            call.received += 1
            yield self.parse(data)
