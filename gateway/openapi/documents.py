"""The documents of one image: one a version, and which of them is the newest."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.binding import Binding
from gateway.image import Image
from gateway.lifecycle import Lifecycle
from gateway.versions import is_version_name, rank, read_versions

NEWEST = ""
"""The name of the document that `/openapi.json` is."""

_UNVERSIONED = "unversioned"
_NOTHING = "nothing"  # the title, where no method has a rule


@dataclass(frozen=True, slots=True)
class Wording:
    """What the owner of an API says in its documents."""

    title: str = ""
    """Empty: the packages' names."""
    introduction: str = ""
    """Markdown, before what the gateway says of itself. Empty: nothing."""


class Documents:
    """Builds each document when it is first asked for."""

    def __init__(self, image: Image, bindings: Iterable[Binding], wording: Wording = Wording()) -> None:
        self._image = image
        self._bindings = list(bindings)
        self._wording = wording
        versions = read_versions(image).items()
        self._lifecycles = {name: each.lifecycle for name, each in versions if each.lifecycle is not None}
        self._built: dict[str, dict[str, Any]] = {}
        self._packages: dict[str, list[str]] = {} if self._lifecycles else {NEWEST: []}
        for package in sorted(self._lifecycles.keys() | _served(self._bindings)):
            self._packages.setdefault(self._name(package), []).append(package)

    @property
    def names(self) -> list[str]:
        """The versions' names, the newest first, then packages that are none; nothing for an image without versions."""
        return sorted(filter(None, self._packages), key=rank, reverse=True)

    def lifecycle(self, name: str) -> Lifecycle:
        """Return the life of a version."""
        found = (self._lifecycles[package] for package in self._packages[name] if package in self._lifecycles)
        return next(found, Lifecycle())

    def newest(self) -> str:
        """Return the name of the newest version that is current, else of the newest; `NEWEST` without versions."""
        names = self.names
        return next((name for name in names if self.lifecycle(name).is_current), names[0] if names else NEWEST)

    def document(self, name: str = NEWEST) -> dict[str, Any]:
        """Return a version's document; KeyError when there is no such version."""
        name = name or self.newest()
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    def _name(self, package: str) -> str:
        """Return the name of the document that a package is in."""
        if not self._lifecycles:
            return NEWEST
        return _last_part(package) if package in self._lifecycles else package

    def _build(self, name: str) -> dict[str, Any]:
        # Imported here: most processes are never asked, and start sooner without.
        from gateway.openapi.document import About, build_document
        from gateway.openapi.intro import introduction

        packages = self._packages[name]
        bindings = [binding for binding in self._bindings if binding.version.package in packages]
        title = self._wording.title or ", ".join(packages) or _NOTHING
        text = "\n\n".join(filter(None, [self._wording.introduction, introduction(bindings)]))
        about = About(title, _common_version(packages) or name or _UNVERSIONED, text, self.lifecycle(name))
        return build_document(self._image, bindings, about)


def _served(bindings: Iterable[Binding]) -> set[str]:
    return {binding.version.package for binding in bindings if not binding.rule.is_default}


def _common_version(packages: list[str]) -> str:
    """Return the version that all packages have in their names, such as `v1`; empty when there is none."""
    names = {_last_part(package) for package in packages}
    version = names.pop() if len(names) == 1 else ""
    return version if is_version_name(version) else ""


def _last_part(package: str) -> str:
    return package.rpartition(".")[2]
