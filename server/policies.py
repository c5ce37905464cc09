"""What the contract says about each method beyond its messages; a contract that says too little is refused."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from google.protobuf.descriptor import Descriptor, MethodDescriptor

from gateway.image import Image
from gateway.lifecycle import read_lifecycle

API_VERSION = "fluentpro.contract.v1.api_version"
POLICY = "fluentpro.contract.v1.policy"
_HTTP = "google.api.http"
_CREDENTIAL = re.compile(r"(^|_)(token|password|secret|api_key)$")
_NO_SIDE_EFFECTS = 1  # of google.protobuf.MethodOptions.IdempotencyLevel

RATE_LIMITS = frozenset(["", "default", "auth", "cost"])
"""The classes there are; the empty one is `default`."""


class PolicyError(ValueError):
    """The contract cannot be served; the message names every method and package at fault, one a line."""


class Access(StrEnum):
    """Who may call a method."""

    PUBLIC = "ACCESS_PUBLIC"
    AUTHENTICATED = "ACCESS_AUTHENTICATED"
    ADMIN = "ACCESS_ADMIN"
    INTERNAL = "ACCESS_INTERNAL"


@dataclass(frozen=True, slots=True)
class MethodPolicy:
    """One method: its name as gRPC writes it, who may call it (any of `access`), and how its messages come.

    `answer` is the full name of the message that it answers with. `idempotent`: a request may have a key, and its
    repeats get the first answer.
    """

    name: str
    access: frozenset[Access]
    rate_limit: str
    answer: str
    idempotent: bool
    client_streams: bool
    server_streams: bool


def read_policies(image: Image) -> dict[str, MethodPolicy]:
    """Return the policy of every method of a package that has an `api_version`, by the method's name.

    Raises PolicyError, which tells everything that is wrong.
    """
    versions = _versions(image)
    problems = [problem for package, found in versions.items() for problem in _version_problems(package, found)]
    policies: dict[str, MethodPolicy] = {}
    for method, proto in image.methods():
        policy = image.option(proto, POLICY)
        is_versioned = method.containing_service.file.package in versions
        problems += _method_problems(image, method, proto, policy, is_versioned=is_versioned)
        if policy is not None and is_versioned:
            found = _policy(method, policy)
            policies[found.name] = found
    if problems:
        raise PolicyError("\n".join(problems))
    return policies


def _policy(method: MethodDescriptor, policy: Any) -> MethodPolicy:
    known = {access.value: access for access in Access}
    names = _access_names(policy)
    return MethodPolicy(
        name=f"/{method.containing_service.full_name}/{method.name}",
        access=frozenset(known[name] for name in names if name in known),
        rate_limit=policy.rate_limit or "default",
        answer=method.output_type.full_name,
        idempotent=policy.idempotent,
        client_streams=method.client_streaming,
        server_streams=method.server_streaming,
    )


def _access_names(policy: Any) -> list[str]:
    values = policy.DESCRIPTOR.fields_by_name["access"].enum_type.values_by_number
    return [values[number].name if number in values else str(number) for number in policy.access]


def _versions(image: Image) -> dict[str, list[Any]]:
    """Return what the files of each package say about its version: one each, when all is well."""
    found: dict[str, list[Any]] = defaultdict(list)
    for file in image.files:
        version = image.option(file, API_VERSION)
        if version is not None:
            found[file.package].append(version)
    return found


def _version_problems(package: str, versions: list[Any]) -> Iterator[str]:
    if len(versions) > 1:
        yield f"{package}: api_version stands in {len(versions)} files"
    for version in versions:
        if not version.lifecycle:
            yield f"{package}: api_version has no lifecycle"
        yield from (f"{package}: {problem}" for problem in read_lifecycle(version).problems())


def _method_problems(
    image: Image, method: MethodDescriptor, proto: Any, policy: Any, *, is_versioned: bool
) -> Iterator[str]:
    name = method.full_name
    if policy is None:
        if is_versioned:
            yield f"{name}: it has no policy"
        return
    if not is_versioned:
        yield f"{name}: it has a policy, and its package has no api_version"
    if policy.rate_limit not in RATE_LIMITS:
        yield f"{name}: there is no rate limit {policy.rate_limit!r}"
    yield from _access_problems(name, policy)
    yield from _idempotency_problems(method, policy)
    is_read = _is_get(image, proto) and not method.client_streaming  # with a stream of the client's it is a WebSocket
    if is_read and proto.options.idempotency_level != _NO_SIDE_EFFECTS:
        yield f"{name}: it is a GET, and its idempotency_level is not NO_SIDE_EFFECTS"


def _access_problems(name: str, policy: Any) -> Iterator[str]:
    names = _access_names(policy)
    if not names:
        yield f"{name}: its policy has no access"
    for unknown in set(names) - set(Access):
        yield f"{name}: {unknown} says nothing about who may call it"


def _idempotency_problems(method: MethodDescriptor, policy: Any) -> Iterator[str]:
    has_key = "idempotency_key" in method.input_type.fields_by_name
    if policy.idempotent and (method.client_streaming or method.server_streaming):
        yield f"{method.full_name}: only a unary method can be idempotent"
    if policy.idempotent != has_key:
        yield f"{method.full_name}: idempotent and a field idempotency_key go together"
    if policy.idempotent and Access.PUBLIC in _access_names(policy):
        yield f"{method.full_name}: an idempotent method knows who calls, so it cannot be public"
    if policy.idempotent and (secret := _credential(method.output_type)):
        yield f"{method.full_name}: its answer holds {secret}, and answers of idempotent methods are stored"


def _credential(message: Descriptor) -> str | None:
    """Return the name of a field with a credential, in the message or one within it."""
    seen, waiting = set(), [message]
    while waiting:
        current = waiting.pop()
        seen.add(current.full_name)
        for field in current.fields:
            if _CREDENTIAL.search(field.name) and field.name != "next_page_token":
                return field.full_name
            if field.message_type is not None and field.message_type.full_name not in seen:
                waiting.append(field.message_type)
    return None


def _is_get(image: Image, proto: Any) -> bool:
    rule = image.option(proto, _HTTP)
    return rule is not None and any(each.HasField("get") for each in (rule, *rule.additional_bindings))
