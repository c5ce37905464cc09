"""What a package says about itself with the option `api_version`: how its JSON looks, and where its paths are.

A package without the option is plain: standard ProtoJSON and no envelope.
"""

from dataclasses import dataclass, field
from typing import Any

from gateway.codec.names import JsonStyle
from gateway.image import Image, ImageError

API_VERSION = "fluentpro.contract.v1.api_version"
POLICY = "fluentpro.contract.v1.policy"
CURSOR = "fluentpro.contract.v1.cursor"

ENVELOPE_NONE = "ENVELOPE_UNSPECIFIED"
ENVELOPE_DATA_META = "ENVELOPE_DATA_META"
ENVELOPE_FLAT = "ENVELOPE_FLAT"


@dataclass(frozen=True, slots=True)
class Version:
    """One package as its HTTP clients see it."""

    package: str = ""
    base_path: str = ""
    """The prefix of all its paths, such as `/api/v2`; empty when the package names none."""
    envelope: str = ENVELOPE_NONE
    style: JsonStyle = field(default_factory=JsonStyle)
    trailing_slash: bool = False

    @property
    def name(self) -> str:
        """The last part of the package, such as `v2`."""
        return self.package.rpartition(".")[2]

    def covers(self, path: str) -> bool:
        """Tell whether a path lies under this version's prefix."""
        return bool(self.base_path) and (path == self.base_path or path.startswith(f"{self.base_path}/"))


def read_versions(image: Image, plain: JsonStyle = JsonStyle()) -> dict[str, Version]:  # noqa: B008  # frozen
    """Return the version of every package in the image; ImageError when one says it twice.

    `plain` is the style of packages without the option; its `ignore_unknown` holds for the others too.
    """
    said: dict[str, Any] = {}
    for file in image.files:
        value = image.option(file, API_VERSION)
        if value is not None and said.setdefault(file.package, value) is not value:
            raise ImageError(f"{file.package}: api_version stands in two files")
    packages = {file.package for file in image.files}
    return {package: _version(package, said.get(package), plain) for package in packages}


def _version(package: str, said: Any, plain: JsonStyle) -> Version:
    if said is None:
        return Version(package, style=plain)
    style = JsonStyle(
        proto_names=_enum_name(said, "json_names") == "JSON_NAMES_PROTO",
        print_defaults=said.print_defaults,
        ignore_unknown=said.ignore_unknown_fields or plain.ignore_unknown,
    )
    base_path = said.base_path.rstrip("/")
    return Version(package, base_path, _enum_name(said, "envelope"), style, said.trailing_slash)


def _enum_name(message: Any, field_name: str) -> str:
    values = message.DESCRIPTOR.fields_by_name[field_name].enum_type.values_by_number
    return str(values[getattr(message, field_name)].name)
