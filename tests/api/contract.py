"""The RPCs of `fluentpro.v2` as tables of tests see them, read from the descriptor image."""

import re
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from fluentpro.v2 import (  # noqa: F401 - they put the contract into the pool that the messages come from
    audit_service_pb2,
    auth_service_pb2,
    catalog_service_pb2,
    conversation_service_pb2,
    job_service_pb2,
    onboarding_service_pb2,
    scenario_service_pb2,
    user_service_pb2,
)
from server.image import our_image

_REQUIRED = 2  # google.api.FieldBehavior
_NO_SIDE_EFFECTS = 1  # google.protobuf.MethodOptions.IdempotencyLevel
_VERBS = ("get", "put", "post", "delete", "patch")
_REASONS_FILE = "fluentpro/contract/v1/error_reason.proto"


@dataclass(frozen=True)
class Rpc:
    """One method: its messages, its HTTP rule and its policy."""

    name: str
    """Such as `UserService/GetMe`."""
    request: type[Message]
    response: type[Message]
    streams: bool
    verb: str
    template: str
    body: str
    response_body: str
    http_status: int
    is_public: bool
    is_for_admins: bool
    is_read: bool
    reasons: frozenset[str]
    """Those that its policy names."""
    required: tuple[str, ...]

    @property
    def path(self) -> str:
        """The method as gRPC calls it."""
        return f"/fluentpro.v2.{self.name}"

    @property
    def path_fields(self) -> list[str]:
        """The request's fields that stand in the HTTP path."""
        return re.findall(r"{(\w+)}", self.template)

    @property
    def required_beside_path(self) -> list[str]:
        """The required fields that an HTTP request can lack."""
        return [name for name in self.required if name not in self.path_fields]

    @property
    def text_fields(self) -> list[str]:
        """The request's fields that hold text, one level down too: `user.full_name`."""
        return [path for path, field in _fields(self.request.DESCRIPTOR) if field.type == field.TYPE_STRING]

    def __str__(self) -> str:
        return self.name


def _fields(descriptor: Any) -> list[tuple[str, Any]]:
    found = []
    for field in descriptor.fields:
        if field.message_type is None:
            found.append((field.name, field))
        elif field.message_type.file.package == "fluentpro.v2":
            found += [(f"{field.name}.{path}", inner) for path, inner in _fields(field.message_type)]
    return found


def _message(full_name: str) -> type[Message]:
    return GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(full_name))


def _reason_names() -> dict[int, tuple[str, str]]:
    """Every reason without its prefix and its comment, by its number."""
    file = next(file for file in our_image().files if file.name == _REASONS_FILE)
    comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
    values = enumerate(file.enum_type[0].value)
    return {
        value.number: (value.name.removeprefix("ERROR_REASON_"), comments[5, 0, 2, index]) for index, value in values
    }


_REASONS = _reason_names()

ALL_REASONS = frozenset(name for name, _ in _REASONS.values())
"""Every reason of the contract."""

COMMON_REASONS = frozenset(name for name, comment in _REASONS.values() if "of any method" in comment)
"""What any method may give, as the comments of the contract say."""


def _rpc(method: Any, proto: Any) -> Rpc:
    image = our_image()
    rule = image.option(proto, "google.api.http")
    policy = image.option(proto, "fluentpro.contract.v1.policy")
    behaviors = image.field_options(method.input_type, "google.api.field_behavior")
    verb = next(verb for verb in _VERBS if rule.HasField(verb))
    return Rpc(
        name=f"{method.containing_service.name}/{method.name}",
        request=_message(method.input_type.full_name),
        response=_message(method.output_type.full_name),
        streams=method.server_streaming,
        verb=verb.upper(),
        template=getattr(rule, verb),
        body=rule.body,
        response_body=rule.response_body,
        http_status=policy.http_status or 200,
        is_public=1 in policy.access,
        is_for_admins=list(policy.access) == [3],
        is_read=proto.options.idempotency_level == _NO_SIDE_EFFECTS,
        reasons=frozenset(_REASONS[number][0] for number in policy.reasons),
        required=tuple(name for name, values in behaviors.items() if _REQUIRED in values),
    )


def _is_ours(method: Any) -> bool:
    return bool(method.containing_service.file.package == "fluentpro.v2")


_METHODS = [found for found in our_image().methods() if _is_ours(found[0])]

RPCS = {rpc.name: rpc for rpc in (_rpc(*found) for found in _METHODS if not found[0].client_streaming)}
"""Every RPC of `fluentpro.v2` that takes one request, by its name."""

TWO_WAY = {rpc.name: rpc for rpc in (_rpc(*found) for found in _METHODS if found[0].client_streaming)}
"""Those whose client sends a stream."""
