"""What a version's `api_version` says of its life, for those who read a document."""

from dataclasses import dataclass
from typing import Any

from gateway.image import Image
from gateway.versions import API_VERSION

_CURRENT = frozenset(["STABLE", "BETA"])
_ENDING = frozenset(["DEPRECATED", "SUNSET"])


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """One version's life; texts are empty where the option says nothing."""

    stage: str = ""
    """Such as `BETA`."""
    deprecated_on: str = ""
    """The day, YYYY-MM-DD in UTC."""
    sunset_on: str = ""
    """The first day without service, YYYY-MM-DD in UTC."""
    successor: str = ""
    """The package that takes its place."""
    migration_guide: str = ""
    message: str = ""
    """One sentence for who still calls it."""

    @property
    def is_current(self) -> bool:
        """Whether it is what new clients should use."""
        return self.stage in _CURRENT

    @property
    def is_deprecated(self) -> bool:
        """Whether clients should leave it."""
        return self.stage in _ENDING

    @property
    def notice(self) -> str:
        """What readers of a deprecated version should know, as Markdown; empty for others."""
        if not self.is_deprecated:
            return ""
        since = f" since {self.deprecated_on}" if self.deprecated_on else ""
        until = f" It answers until {self.sunset_on}." if self.sunset_on else ""
        successor = f" Use `{self.successor}` in its place." if self.successor else ""
        guide = f" [How to move]({self.migration_guide})." if self.migration_guide else ""
        return f"**Deprecated{since}.**{until}{successor}{guide} {self.message}".strip()


def read_lifecycles(image: Image) -> dict[str, Lifecycle]:
    """Return the life of every package that has an `api_version`."""
    said = {file.package: image.option(file, API_VERSION) for file in image.files}
    return {package: _lifecycle(option) for package, option in said.items() if option is not None}


def _lifecycle(option: Any) -> Lifecycle:
    names = ("deprecated_on", "sunset_on", "successor", "migration_guide", "message")
    known = option.DESCRIPTOR.fields_by_name
    texts = {name: getattr(option, name) for name in names if name in known}
    stage = ""
    if "lifecycle" in known:
        value = known["lifecycle"].enum_type.values_by_number.get(option.lifecycle)
        stage = value.name.removeprefix("LIFECYCLE_") if value is not None and value.number else ""
    return Lifecycle(stage, **texts)
