"""What a package says about itself with the option `api_version`: how its JSON looks, where its paths are, its life.

A package without the option is plain: standard ProtoJSON and no envelope.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.codec.names import JsonStyle
from gateway.deprecation import Deprecation, deprecation_of
from gateway.errors import Headers
from gateway.image import Image, ImageError
from gateway.lifecycle import Lifecycle, read_lifecycle

API_VERSION = "fluentpro.contract.v1.api_version"
POLICY = "fluentpro.contract.v1.policy"
CURSOR = "fluentpro.contract.v1.cursor"

ENVELOPE_NONE = "ENVELOPE_UNSPECIFIED"
ENVELOPE_DATA_META = "ENVELOPE_DATA_META"
ENVELOPE_FLAT = "ENVELOPE_FLAT"

_NAME = re.compile(r"v(\d+)(?:(alpha|beta)(\d*))?")


@dataclass(frozen=True, slots=True)
class Version:
    """One package as its HTTP clients see it."""

    package: str = ""
    base_path: str = ""
    """The prefix of all its paths, such as `/api/v2`; empty when the package names none."""
    envelope: str = ENVELOPE_NONE
    style: JsonStyle = field(default_factory=JsonStyle)
    trailing_slash: bool = False
    lifecycle: Lifecycle | None = None
    """None: the package has no `api_version`."""
    deprecation: Deprecation | None = None
    """None: it is not deprecated."""

    @property
    def name(self) -> str:
        """The last part of the package, such as `v2`."""
        return self.package.rpartition(".")[2]

    @property
    def headers(self) -> Headers:
        """What every answer says of the version's end; nothing for one that is not deprecated."""
        return self.deprecation.headers if self.deprecation is not None else []

    def covers(self, path: str) -> bool:
        """Tell whether a path lies under this version's prefix."""
        return bool(self.base_path) and (path == self.base_path or path.startswith(f"{self.base_path}/"))


def read_versions(image: Image, plain: JsonStyle = JsonStyle()) -> dict[str, Version]:  # noqa: B008  # frozen
    """Return the version of every package in the image.

    `plain` is the style of packages without the option; its `ignore_unknown` holds for the others too. Raises
    ImageError when a package says it twice, or says what contradicts itself.
    """
    said: dict[str, Any] = {}
    for file in image.files:
        value = image.option(file, API_VERSION)
        if value is not None and said.setdefault(file.package, value) is not value:
            raise ImageError(f"{file.package}: api_version stands in two files")
    base_paths = {package: _base_path(value) for package, value in said.items()}
    packages = {file.package for file in image.files}
    return {package: _version(package, said.get(package), plain, base_paths) for package in packages}


def is_version_name(text: str) -> bool:
    """Tell whether a text is a version's name, such as `v1` or `v2beta1` (AIP-185)."""
    return _NAME.fullmatch(text) is not None


def rank(name: str) -> tuple[int, int, int]:
    """Order versions as AIP-185 does: v1alpha1, v1beta1, v1, v2; any other name comes before them."""
    match = _NAME.fullmatch(name)
    if match is None:
        return (0, 0, 0)
    stage = {"alpha": 0, "beta": 1, None: 2}[match[2]]
    return int(match[1]), stage, int(match[3] or 0)


def _version(package: str, said: Any, plain: JsonStyle, base_paths: Mapping[str, str]) -> Version:
    if said is None:
        return Version(package, style=plain)
    style = JsonStyle(
        proto_names=_enum_name(said, "json_names") == "JSON_NAMES_PROTO",
        print_defaults=said.print_defaults,
        ignore_unknown=said.ignore_unknown_fields or plain.ignore_unknown,
    )
    lifecycle = read_lifecycle(said)
    if problems := [f"{package}: {problem}" for problem in lifecycle.problems()]:
        raise ImageError("\n".join(problems))
    return Version(
        package,
        base_paths[package],
        _enum_name(said, "envelope"),
        style,
        said.trailing_slash,
        lifecycle,
        deprecation_of(package.rpartition(".")[2], lifecycle, base_paths.get(lifecycle.successor, "")),
    )


def _base_path(said: Any) -> str:
    return str(said.base_path).rstrip("/")


def _enum_name(message: Any, field_name: str) -> str:
    values = message.DESCRIPTOR.fields_by_name[field_name].enum_type.values_by_number
    return str(values[getattr(message, field_name)].name)
