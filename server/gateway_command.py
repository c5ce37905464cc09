"""`fluentpro gateway`: REST and JSON in front of any gRPC service, from its descriptor image."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from adapters.settings import Listen


class JsonNames(StrEnum):
    """How fields are called in JSON."""

    JSON = "json"
    PROTO = "proto"


class StreamFormat(StrEnum):
    """How a stream looks to a client whose Accept names none of the three."""

    ARRAY = "array"
    NDJSON = "ndjson"
    SSE = "sse"


def gateway(  # noqa: PLR0913  # a command's parameters are its options
    descriptors: Annotated[Path, typer.Option(help="A serialized FileDescriptorSet, with its imports.")],
    upstream: Annotated[str, typer.Option(metavar="HOST:PORT", help="The gRPC server.")],
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to serve HTTP.")],
    forward_header: Annotated[list[str] | None, typer.Option(help="Pass this header on; 'x-*' for all such.")] = None,
    cors_origin: Annotated[list[str] | None, typer.Option(help="Let pages of this origin call; '*' for all.")] = None,
    *,
    websocket_listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A further address, for many WebSockets.")
    ] = None,
    discard_unknown: Annotated[bool, typer.Option("--discard-unknown", help="Ignore unknown fields.")] = False,
    emit_defaults: Annotated[bool, typer.Option("--emit-defaults", help="Write default values too.")] = False,
    enums_as_numbers: Annotated[bool, typer.Option("--enums-as-numbers", help="Write enums as numbers.")] = False,
    json_names: Annotated[JsonNames, typer.Option(help="lowerCamelCase, or as in the .proto.")] = JsonNames.JSON,
    ignore_unknown_query: Annotated[
        bool, typer.Option("--ignore-unknown-query", help="Ignore unknown query parameters.")
    ] = False,
    case_insensitive_enums: Annotated[
        bool, typer.Option("--case-insensitive-enums", help="Read enum names in any case.")
    ] = False,
    stream_format: Annotated[StreamFormat, typer.Option(help="Form of streams by default.")] = StreamFormat.ARRAY,
    processes: Annotated[int, typer.Option(min=1, max=256, help="Serving processes on this port.")] = 1,
    child: Annotated[bool, typer.Option("--child", hidden=True, help="One of several that a parent started.")] = False,
) -> None:
    """Serve any gRPC service annotated with google.api.http as REST and JSON."""
    from gateway.codec.names import JsonStyle
    from gateway.options import GatewayOptions
    from gateway.renderers import ARRAY, EVENT_STREAM, NDJSON
    from server.gateway_serving import Front, run

    style = JsonStyle(
        proto_names=json_names is JsonNames.PROTO,
        print_defaults=emit_defaults,
        ignore_unknown=discard_unknown,
        enums_as_numbers=enums_as_numbers,
        case_insensitive_enums=case_insensitive_enums,
    )
    options = GatewayOptions(
        forward_headers=tuple(forward_header or ()),
        cors_origins=tuple(cors_origin or ()),
        style=style,
        ignore_unknown_query=ignore_unknown_query,
        stream_type={"array": ARRAY, "ndjson": NDJSON, "sse": EVENT_STREAM}[stream_format],
    )
    websockets = None if websocket_listen is None else _address(websocket_listen, "--websocket-listen")
    front = Front(
        descriptors, _address(upstream, "--upstream"), _address(listen, "--listen"), options, websockets=websockets
    )
    run(front, processes=processes, is_child=child)


def _address(text: str, option: str) -> "Listen":
    from adapters.settings import Listen

    try:
        return Listen.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
