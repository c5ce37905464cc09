"""Which API version a path is of, where no route takes it."""

from collections.abc import Iterable
from dataclasses import replace

from google.rpc.code_pb2 import Code

from gateway.errors import Refusal
from gateway.versions import Version, is_version_name, rank

_MAX_SHOWN = 32  # characters of what a client takes for a version's name


class VersionPaths:
    """The prefixes of an image's versions, such as `/api/v2`, and what their names stand under, such as `/api`."""

    def __init__(self, versions: Iterable[Version]) -> None:
        self._versions = sorted(versions, key=lambda version: len(version.base_path), reverse=True)
        self._families: dict[str, list[Version]] = {}  # by what their names stand under; the newest first
        for version in sorted(self._versions, key=lambda version: rank(version.name), reverse=True):
            parent, _, name = version.base_path.rpartition("/")
            if is_version_name(name):
                self._families.setdefault(parent, []).append(version)

    def at(self, path: str) -> Version:
        """Return the version that a path lies under.

        For a version that there is not the newest beside it answers, and says nothing of an end of its own; for all
        other paths none in particular.
        """
        covering = next((version for version in self._versions if version.covers(path)), None)
        if covering is not None:
            return covering
        beside = next((family[0] for _, family in self._unknown(path)), Version())
        return replace(beside, deprecation=None)

    def refuse_unknown(self, path: str, now: float) -> None:
        """Raise the Refusal of a path of a version that there is not; `now` is in seconds since the epoch."""
        for name, family in self._unknown(path):
            there = ",".join(_name(version) for version in family if not _is_over(version, now))
            raise Refusal(
                f"there is no version {name}; there are: {there}",
                "UNSUPPORTED_API_VERSION",
                code=Code.NOT_FOUND,
                metadata={"version": name, "versions": there},
            )

    def _unknown(self, path: str) -> Iterable[tuple[str, list[Version]]]:
        """Yield the name that a path has in a version's place, and the versions that it could have been."""
        for parent, family in self._families.items():
            name = path.removeprefix(f"{parent}/").partition("/")[0] if path.startswith(f"{parent}/") else ""
            if is_version_name(name) and not any(version.covers(path) for version in family):
                yield name[:_MAX_SHOWN], family


def _name(version: Version) -> str:
    return version.base_path.rpartition("/")[2]


def _is_over(version: Version, now: float) -> bool:
    return version.deprecation is not None and now >= version.deprecation.ends_at
