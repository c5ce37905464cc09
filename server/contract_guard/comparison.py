"""Two states of the contract compared, and which of the changes are refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gateway.image import Image
from server.contract_guard.document import document
from server.contract_guard.fields import compare_fields
from server.contract_guard.finding import Finding
from server.contract_guard.methods import compare_methods
from server.contract_guard.routes import compare_routes
from server.contract_guard.shapes import compare_shapes
from server.contract_guard.versions import KEPT, compare_versions


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was accepted last: the document, and an image for each version."""

    document: dict[str, Any]
    images: tuple[Path, ...]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read `routes.json` and `*.binpb`. Raises OSError, or ValueError for what is no document."""
        said = json.loads((folder / "routes.json").read_text("utf-8"))
        if missing := {"api_versions", "routes", "methods", "messages"} - said.keys():
            raise ValueError(f"routes.json lacks {', '.join(sorted(missing))}: `make baseline` writes it anew")
        return cls(said, tuple(sorted(folder.glob("*.binpb"))))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a contract breaks of a baseline."""

    refused: tuple[Finding, ...]
    """Breaks a version that has promised to stay compatible."""
    reported: tuple[Finding, ...]
    """Breaks a version that may still change."""
    has_additions: bool
    """Something is new that nobody could miss, and that the baseline does not protect yet."""


def compare(baseline: Baseline, image: Path) -> Comparison:
    """Compare the contract in the file `image` with a baseline.

    Raises ShapesNotCompared, and what `document` raises for an image that cannot be served.
    """
    now = document(Image.read(image))
    found = sorted({*_documents(baseline.document, now), *_shapes(baseline, image)})
    kept = _kept(baseline.document) | _kept(now)
    refused = tuple(finding for finding in found if _is_refused(finding.package, kept, baseline.document))
    reported = tuple(finding for finding in found if finding not in refused)
    return Comparison(refused, reported, has_additions=not found and now != baseline.document)


def _documents(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Finding]:
    yield from compare_versions(old["api_versions"], new["api_versions"])
    yield from compare_routes(old["routes"], new["routes"])
    yield from compare_methods(old["methods"], new["methods"])
    yield from compare_fields(old["messages"], new["messages"])


def _shapes(baseline: Baseline, image: Path) -> Iterator[Finding]:
    for accepted in baseline.images:
        yield from compare_shapes(accepted, image)


def _kept(contract: dict[str, Any]) -> frozenset[str]:
    return frozenset(package for package, said in contract["api_versions"].items() if said.get("lifecycle") in KEPT)


def _is_refused(package: str, kept: frozenset[str], old: dict[str, Any]) -> bool:
    """Tell whether the package made a promise; what is no version, such as our options, is shared by those that did."""
    return package in kept or (bool(kept) and package not in old["api_versions"])
