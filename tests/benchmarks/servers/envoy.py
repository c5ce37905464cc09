"""Envoy's transcoder in front of our gRPC server, with the checks that ours makes as far as Envoy has them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet

import fluentpro

from .process import environment, free_ports, serving

_TYPES = "type.googleapis.com/envoy.extensions"
_TRANSCODER = {
    "convert_grpc_status": True,
    "auto_mapping": True,
    "query_param_unescape_plus": True,
    "url_unescape_spec": "ALL_CHARACTERS_EXCEPT_SLASH",
    "request_validation_options": {
        "reject_unknown_method": True,
        "reject_unknown_query_parameters": True,
        "reject_binding_body_field_collisions": True,
    },
    "print_options": {"always_print_primitive_fields": True, "preserve_proto_field_names": True},
}


def find_envoy() -> str | None:
    """Return the program; None where it is not installed."""
    return shutil.which("envoy")


@contextmanager
def envoy(program: str, grpc_port: int, folder: Path) -> Iterator[tuple[int, int]]:
    """Run Envoy before a gRPC server for a block; give its process id and its port. Raises ServerFailed."""
    (port,) = free_ports(1)
    services = _write_descriptors(folder / "envoy.pb")
    config = folder / "envoy.json"
    config.write_text(json.dumps(_config(port, grpc_port, str(folder / "envoy.pb"), services)))
    # One worker thread: it has one core to itself, as every other server here.
    command = [program, "-c", str(config), "--concurrency", "1", "-l", "error", "--use-dynamic-base-id"]
    with serving(command, environment(), folder / "envoy.log", port, "/.well-known/jwks.json") as process:
        yield process.pid, port


def _write_descriptors(target: Path) -> list[str]:
    """Write our image without what Envoy does not load, `response_body` of a JSON field; return its services."""
    (source,) = fluentpro.__path__
    files = FileDescriptorSet.FromString((Path(source) / "descriptors.binpb").read_bytes())
    services = []
    for file in files.file:
        for service in file.service:
            services.append(f"{file.package}.{service.name}")
            for method in service.method:
                method.options.Extensions[annotations_pb2.http].response_body = ""
    target.write_bytes(files.SerializeToString())
    return services


def _config(port: int, grpc_port: int, descriptors: str, services: list[str]) -> object:
    filters = [
        _filter(
            "grpc_json_transcoder",
            "http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
            {"proto_descriptor": descriptors, "services": services, **_TRANSCODER},
        ),
        _filter("router", "http.router.v3.Router", {}),
    ]
    route = {"match": {"prefix": "/"}, "route": {"cluster": "fluentpro", "timeout": "60s"}}
    manager = {
        "stat_prefix": "http",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": filters,
    }
    name = "network.http_connection_manager.v3.HttpConnectionManager"
    chain = {"filters": [{"name": "http", "typed_config": {"@type": f"{_TYPES}.filters.{name}", **manager}}]}
    listener = {"name": "http", "address": _address(port), "filter_chains": [chain]}
    return {"static_resources": {"listeners": [listener], "clusters": [_cluster(grpc_port)]}}


def _filter(name: str, kind: str, config: dict[str, object]) -> dict[str, object]:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": f"{_TYPES}.filters.{kind}", **config}}


def _cluster(grpc_port: int) -> dict[str, object]:
    options = {
        "@type": f"{_TYPES}.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    endpoint = {"endpoint": {"address": _address(grpc_port)}}
    return {
        "name": "fluentpro",
        "type": "STATIC",
        "connect_timeout": "2s",
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
        "load_assignment": {"cluster_name": "fluentpro", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
